import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWith } from '../support/available.ts';
import { type RedisServer, startRedis } from '../support/redis-server.ts';

/** What a fresh connection gets for one PING: the answer, how it was refused, or nothing within 300 ms. */
async function ping(server: RedisServer): Promise<string> {
  const socket = connect(server.port, server.host);
  const answer = async () => {
    socket.write('PING\r\n');
    for await (const data of socket) return String(data).trim();
    return 'closed';
  };
  const silence = delay(300, 'silence', { ref: false });
  const outcome = await Promise.race([answer().catch((error: NodeJS.ErrnoException) => error.code), silence]);
  socket.destroy();
  return outcome ?? 'unknown error';
}

describeWith('redisUrl', 'a server of its own for a test', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server.stop());

  it('answers, hangs, and answers again', async () => {
    expect(await ping(server)).toBe('+PONG');
    await server.pause();
    expect(await ping(server)).toBe('silence');
    await server.resume();
    expect(await ping(server)).toBe('+PONG');
  });

  it('refuses connections after a kill and comes back at the same address', async () => {
    await server.kill();
    expect(await ping(server)).toBe('ECONNREFUSED');
    await server.restart();
    expect(await ping(server)).toBe('+PONG');
  });
});

describeWith('minio', 'the shared MinIO', ({ endpoint, bucket, publicBucket }) => {
  it('shows objects of the public bucket to anyone, and of the private bucket to nobody', async () => {
    expect((await fetch(`${endpoint}/${publicBucket}/missing`)).status).toBe(404);
    expect((await fetch(`${endpoint}/${bucket}/missing`)).status).toBe(403);
  });
});

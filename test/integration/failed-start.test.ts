import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { openApp } from '../../src/app.ts';
import { loadSettings } from '../../src/config/load-settings.ts';
import { loadSdk } from '../../src/s3/sdk.ts';
import { makeSqlitePlace, type SqlitePlace } from '../support/sqlite-place.ts';

let place: SqlitePlace;
beforeEach(async () => {
  place = await makeSqlitePlace();
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await place.remove();
});

/** A process with an open connection never ends, and nobody restarts what has not ended. */
it('leaves no connection to Redis behind when S3 cannot be used, however late it came about', async () => {
  for (const name of ['AWS_REGION', 'AWS_DEFAULT_REGION', 'AWS_PROFILE']) vi.stubEnv(name, undefined);
  vi.stubEnv('AWS_CONFIG_FILE', '/dev/null');
  // Loaded before, so that S3 is known to be unusable while the key store is still being made.
  await loadSdk();
  const sockets = new Set<Socket>();
  const redis = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).once('close', () => sockets.delete(socket));
  });
  await once(redis.listen(0, '127.0.0.1'), 'listening');
  const address = redis.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const settings = loadSettings({ DATABASE_URL: place.url, REDIS_URL: `redis://127.0.0.1:${port}` });

  await expect(openApp({ settings: { ...settings, bucket: 'b' }, logFormat: 'json' })).rejects.toThrow(
    'no region is set',
  );
  // The client gives a server that hangs half a second to say goodbye.
  await vi.waitUntil(() => sockets.size === 0, { timeout: 10_000 });
  // Long enough for whatever still opens to connect, and for a client that lives to connect again.
  await new Promise((resolve) => setTimeout(resolve, 500));
  const left = sockets.size;
  for (const socket of sockets) socket.destroy();
  redis.close();
  expect(left).toBe(0);
});

it('leaves no port open when the bootstrap key can never be accepted', async () => {
  const port = await freePort();
  const settings = loadSettings({
    DATABASE_URL: place.url,
    HOST: '127.0.0.1',
    PORT: String(port),
    PRESIGND_REGION: 'us-east-1',
    PRESIGND_BOOTSTRAP_KEY: 'no API key at all',
    PRESIGND_LOG_LEVEL: 'silent',
  });
  const credentials = async () => ({ accessKeyId: 'a', secretAccessKey: 's' });

  await expect(
    openApp({ settings: { ...settings, bucket: 'b' }, credentials, logFormat: 'json' }),
  ).rejects.toThrow('presignd keys mint');
  const socket = connect(port, '127.0.0.1');
  await expect(once(socket, 'connect').finally(() => socket.destroy())).rejects.toThrow('ECONNREFUSED');
});

async function freePort(): Promise<number> {
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (typeof address !== 'object' || address === null) throw new Error('no address');
  return address.port;
}

// More to do than can be done. What was begun is finished, and whoever is too many is told when to come back.
import { createServer, type Socket } from 'node:net';
import { expect, it } from 'vitest';
import { closingAgent, sendHttp1 } from '../support/http-requests.ts';
import { openRawConnection } from '../support/raw-connection.ts';
import { UNREACHABLE_S3 } from '../support/sandbox.ts';
import { openService, type Service } from '../support/service.ts';
import { askForUpload, getUpload } from '../support/upload-calls.ts';

const LARGE = { filename: 'a', contentType: 'a/b', size: 10_000_000_000 };

/** The value of a series, 0 where there is none. */
async function metric({ url }: Service, series: string): Promise<number> {
  const { status, body } = await sendHttp1(`${url}/metrics`);
  expect(status).toBe(200);
  const line = body.split('\n').find((one) => one.startsWith(`${series} `));
  return Number(line?.split(' ').at(-1) ?? 0);
}

/** Opens so many connections; one more is closed on arrival, until one of them is given up. */
async function expectFull(service: Service, count: number, cause: string): Promise<void> {
  const open = () => openRawConnection(service.program.port);
  const connections = await Promise.all(Array.from({ length: count }, open));
  expect(await (await open()).closed).toBe('');
  connections[0]?.socket.destroy();
  const shed = () => metric(service, `presignd_shed_total{cause="${cause}"}`).catch(() => 0);
  await expect.poll(shed).toBeGreaterThan(0);
  for (const { socket } of connections) socket.destroy();
}

function post({ url, token }: Service, path: string, body: string, agent?: ReturnType<typeof closingAgent>) {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  return sendHttp1(url + path, { method: 'POST', headers, body }, agent);
}

it('refuses calls beyond those that may be under way or wait, and takes them on again afterwards', async () => {
  const sockets = new Set<Socket>();
  const hungS3 = createServer((socket) => {
    sockets.add(socket.on('error', () => {}).once('close', () => sockets.delete(socket)));
  });
  await new Promise<void>((resolve) => hungS3.listen(0, '127.0.0.1', resolve));
  const address = hungS3.address();
  if (address === null || typeof address === 'string') throw new Error('it does not listen');
  try {
    await using service = await openService({
      ...UNREACHABLE_S3,
      PRESIGND_S3_ENDPOINT: `http://127.0.0.1:${address.port}`,
      PRESIGND_MAX_CONCURRENT_CALLS: '2',
      PRESIGND_MAX_QUEUED_CALLS: '0',
      PRESIGND_MAX_LOOP_DELAY: '0s',
      PRESIGND_MAX_CONNECTIONS_PER_ADDRESS: '40',
    });
    const hanging = [1, 2].map(() => post(service, '/v1/uploads', JSON.stringify(LARGE)));
    await expect.poll(() => metric(service, 'presignd_calls{state="running"}')).toBe(2);

    const refused = await askForUpload(service.url, service.token);
    expect(refused.status).toBe(503);
    expect(refused.headers['retry-after']).toMatch(/^[123]$/);
    expect(JSON.parse(refused.body)).toEqual({
      error: 'Service Unavailable',
      message: 'The server has more to do than it can. Please retry',
      code: 503,
      requestId: refused.headers['x-request-id'],
    });
    expect(await metric(service, 'presignd_shed_total{cause="concurrency"}')).toBe(1);
    for (const path of ['/livez', '/readyz', '/health'])
      expect((await sendHttp1(service.url + path)).status, path).not.toBe(404);
    expect((await sendHttp1(`${service.url}/livez`)).status).toBe(200);

    hungS3.close();
    for (const socket of sockets) socket.destroy();
    for (const { status } of await Promise.all(hanging)) expect(status).toBe(503);
    await getUpload(service.url, service.token);
    expect(await metric(service, 'presignd_calls{state="running"}')).toBe(0);
    await expectFull(service, 40, 'address');
  } finally {
    for (const socket of sockets) socket.destroy();
    hungS3.close();
  }
});

it('is not kept from work by callers whose bodies do not come', async () => {
  await using service = await openService({
    ...UNREACHABLE_S3,
    PRESIGND_MAX_CONCURRENT_CALLS: '1',
    PRESIGND_MAX_QUEUED_CALLS: '0',
    PRESIGND_MAX_CONNECTIONS: '40',
  });
  const half = `POST /v1/upload/s3 HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 90\r\n\r\n{`;
  const slow = await Promise.all(Array.from({ length: 20 }, () => openRawConnection(service.program.port)));
  for (const connection of slow) connection.send(half);
  await getUpload(service.url, service.token);
  for (const { socket } of slow) socket.destroy();
  await expectFull(service, 40, 'connections');
});

it('sheds new calls while the event loop stays late, keeps its probes, and recovers', async () => {
  await using service = await openService({ ...UNREACHABLE_S3, PRESIGND_MAX_LOOP_DELAY: '1ms' });
  using agent = closingAgent(32);
  const item = { filename: 'a', contentType: 'a/b', size: 1 };
  const batch = JSON.stringify({ uploads: Array.from({ length: 100 }, () => item) });
  const seen = new Set<number>();
  let isOver = false;
  const flood = Array.from({ length: 32 }, async () => {
    while (!isOver) seen.add((await post(service, '/v1/uploads:batch', batch, agent)).status);
  });
  await expect.poll(() => [...seen].sort(), { timeout: 50_000 }).toEqual([200, 503]);
  expect((await sendHttp1(`${service.url}/livez`)).status).toBe(200);
  isOver = true;
  await Promise.all(flood);
  expect(await metric(service, 'presignd_shed_total{cause="loop"}')).toBeGreaterThan(0);
  await expect.poll(async () => (await askForUpload(service.url, service.token)).status).toBe(200);
  await service.program.untilPrinted('no longer overloaded');
  expect(service.program.output()).toContain('overloaded: new calls are refused');
});

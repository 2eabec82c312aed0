// A caller that waits 200 ms is answered then, however long what is behind would take, and nothing goes on for it.
import { createServer, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWith } from '../support/available.ts';
import { type Answer, sendHttp1 } from '../support/http-requests.ts';
import { makePostgresPlace, type PostgresPlace, urlWith } from '../support/postgres-place.ts';
import { withPostgres } from '../support/postgres-server.ts';
import { UNREACHABLE_S3 } from '../support/sandbox.ts';
import { openService, type Service } from '../support/service.ts';
import { openProxy, type ToxicProxy } from '../support/toxiproxy-server.ts';
import { UPLOAD_PATH, uploadCall } from '../support/upload-calls.ts';

const DEADLINE_MS = 200;
/** Far beyond the deadline, and before anything behind gives up by itself, which takes 3 s and more. */
const POLL = { timeout: 10 * DEADLINE_MS, interval: 20 };

const NOTHING_PASSES = { type: 'timeout', attributes: { timeout: 0 } } as const;

function call(service: Service, path: string, body: unknown, deadlineMs?: number): Promise<Answer> {
  return sendHttp1(service.url + path, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${service.token}`,
      'content-type': 'application/json',
      ...(deadlineMs === undefined ? {} : { 'connect-timeout-ms': String(deadlineMs) }),
    },
    body: JSON.stringify(body),
  });
}

function expectExceeded({ status, body }: Answer): void {
  expect({ status, body: JSON.parse(body) }).toMatchObject({
    status: 504,
    body: { error: 'Gateway Timeout', code: 504, requestId: expect.stringMatching(/^req_/) },
  });
}

describeWith('postgresUrl', 'a deadline', (postgresUrl) => {
  describeWith('toxiproxyUrl', 'of a call to a service', (toxiproxyUrl) => {
    let place: PostgresPlace;
    let proxy: ToxicProxy;
    let service: Service;

    beforeAll(async () => {
      place = await makePostgresPlace(postgresUrl);
      const { hostname, port } = new URL(postgresUrl);
      proxy = await openProxy(toxiproxyUrl, { host: hostname, port: Number(port) });
      const opened = await openService({
        ...UNREACHABLE_S3,
        DATABASE_URL: urlWith(place.url, { address: proxy }),
        PRESIGND_DATABASE_POOL_SIZE: '2',
      });
      const { token } = await opened.sandbox.createKey(['--scopes', 'keys:write,uploads:create']);
      service = { ...opened, token };
      // From now on the caller's own key is in memory.
      expect((await call(service, '/v1/api-keys', { name: 'first' })).status).toBe(200);
    });
    afterAll(async () => {
      await proxy?.heal();
      await service?.[Symbol.asyncDispose]();
      await proxy?.remove();
      await place?.remove();
    });

    it('ends what Postgres itself waits for, and the change does not happen', async () => {
      await withPostgres(place.url, async (client) => {
        await client.query('BEGIN; LOCK TABLE presignd.api_keys IN ACCESS EXCLUSIVE MODE');
        const waiting = () =>
          client
            .query("SELECT pid FROM pg_locks WHERE NOT granted AND relation = 'presignd.api_keys'::regclass")
            .then(({ rows }) => rows.length);
        const answered = call(service, '/v1/api-keys', { name: 'too late' }, DEADLINE_MS);
        await expect.poll(waiting, POLL).toBe(1);
        expectExceeded(await answered);
        await expect.poll(waiting, POLL).toBe(0);
        await client.query('ROLLBACK');
      });
      expect((await call(service, '/v1/api-keys', { name: 'in time' })).status).toBe(200);
      const names = await place.query('SELECT name FROM presignd.api_keys');
      expect(names.map(({ name }) => name)).toContain('in time');
      expect(names.map(({ name }) => name)).not.toContain('too late');
    });

    it('is kept while Postgres hangs, and its only connection for changes is given up', async () => {
      await proxy.spoil(NOTHING_PASSES);
      expectExceeded(await call(service, '/v1/api-keys', { name: 'hung' }, DEADLINE_MS));
      expectExceeded(await call(service, '/v1/api-keys', { name: 'hung again' }, DEADLINE_MS));
      await proxy.heal();
      // Were it still waited for, this would wait for it, too.
      await expect
        .poll(async () => (await call(service, '/v1/api-keys', { name: 'back' })).status, POLL)
        .toBe(200);
    });
  });
});

describeWith('redisUrl', 'a deadline while Redis', (redisUrl) => {
  describeWith('toxiproxyUrl', 'hangs', (toxiproxyUrl) => {
    it('ends the wait for a lookup, which goes on for others', async () => {
      const { hostname, port } = new URL(redisUrl);
      const proxy = await openProxy(toxiproxyUrl, { host: hostname, port: Number(port) });
      try {
        await using service = await openService({
          ...UNREACHABLE_S3,
          REDIS_URL: `redis://${proxy.host}:${proxy.port}`,
        });
        const reads = async () => {
          const { body } = await sendHttp1(`${service.url}/metrics`);
          return Number(/lookups_total\{tier="store",outcome="hit"\} (\d+)/.exec(body)?.[1] ?? 0);
        };
        const { token } = await service.sandbox.createKey([], { REDIS_URL: '' });
        await proxy.spoil(NOTHING_PASSES);
        const before = await reads();
        const upload = uploadCall(token);
        const patient = sendHttp1(service.url + UPLOAD_PATH, upload);
        const hasty = sendHttp1(service.url + UPLOAD_PATH, {
          ...upload,
          headers: { ...upload.headers, 'connect-timeout-ms': '20' },
        });
        // Redis is given 150 ms.
        expectExceeded(await hasty);
        expect((await patient).status).toBe(200);
        expect((await reads()) - before).toBe(1);
        await proxy.heal();
      } finally {
        await proxy.remove();
      }
    });
  });
});

it('a deadline ends the question to an S3 that hangs', async () => {
  const sockets = new Set<Socket>();
  let asked = 0;
  const silent = createServer((socket) => {
    sockets.add(socket);
    socket.on('data', () => {
      asked += 1;
    });
    socket.on('error', () => {}).once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const address = silent.address();
  if (address === null || typeof address === 'string') throw new Error('it does not listen');
  try {
    await using service = await openService({
      ...UNREACHABLE_S3,
      PRESIGND_S3_ENDPOINT: `http://127.0.0.1:${address.port}`,
    });
    const plan = { filename: 'a', contentType: 'a/b', size: 10_000_000_000 };
    // The SDK is loaded by the first question, which may take longer than the deadline.
    await call(service, '/v1/uploads', plan, 2_000);
    const before = asked;
    expectExceeded(await call(service, '/v1/uploads', plan, DEADLINE_MS));
    expect(asked).toBe(before + 1);
    // Cut, not left to the SDK's own five seconds, nor tried again.
    await expect.poll(() => sockets.size, POLL).toBe(0);
    expect(asked).toBe(before + 1);
  } finally {
    for (const socket of sockets) socket.destroy();
    silent.close();
  }
});

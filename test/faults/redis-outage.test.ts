// Redis makes a fleet of services faster. Without it nothing stops working.
import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { describeWith } from '../support/available.ts';
import { closingAgent, sendHttp1 } from '../support/http-requests.ts';
import { startLoad } from '../support/load-loop.ts';
import { type RedisServer, startRedis } from '../support/redis-server.ts';
import { UNREACHABLE_S3 } from '../support/sandbox.ts';
import { openService, type Service } from '../support/service.ts';
import { askForUpload, UPLOAD_PATH, uploadCall } from '../support/upload-calls.ts';

/** Each caller uses a key of its own, so that something is always asked of Redis. */
const CALLERS = 4;

/** How long each state of Redis lasts: several lives of a key in memory. */
const STATE_MS = 4_000;

const POLL = { timeout: 20_000, interval: 100 };

describeWith('redisUrl', 'a service whose Redis', () => {
  let redis: RedisServer;
  let service: Service;
  let tokens: string[];

  beforeAll(async () => {
    redis = await startRedis();
    // With short lives the services ask Redis all the time, as a large fleet with many keys would.
    service = await openService({ ...UNREACHABLE_S3, REDIS_URL: redis.url, PRESIGND_KEY_MAX_AGE: '1s' });
    tokens = [];
    for (let caller = 0; caller < CALLERS; caller++) tokens.push((await service.sandbox.createKey()).token);
  });
  afterAll(async () => {
    await service?.[Symbol.asyncDispose]();
    await redis?.stop();
  });
  beforeEach(() => untilRedisIs('up'));

  async function untilRedisIs(state: 'up' | 'down'): Promise<void> {
    await expect
      .poll(async () => {
        const { body } = await sendHttp1(`${service.url}/health`);
        return JSON.parse(body).dependencies.redis.status;
      }, POLL)
      .toBe(state);
  }

  /** Calls with valid keys all the while `outage` lasts: none may fail. */
  async function expectNoFailures(name: string, outage: () => Promise<void>): Promise<void> {
    using agent = closingAgent();
    const load = startLoad(CALLERS, async (caller) => {
      const call = uploadCall(tokens[caller]);
      const { status, body } = await sendHttp1(service.url + UPLOAD_PATH, call, agent);
      if (status !== 200) throw new Error(`${status} ${body}`);
    });
    await load.calls(100);
    try {
      await outage();
    } finally {
      const { calls, failures, longestMs } = await load.stop();
      process.stdout.write(`Redis ${name}: ${calls} calls, the longest took ${Math.round(longestMs)} ms\n`);
      expect(failures).toEqual([]);
    }
  }

  /** Keys are made, used and revoked meanwhile. */
  async function expectKeysToWork(): Promise<void> {
    const { id, token } = await service.sandbox.createKey();
    expect((await askForUpload(service.url, token)).status).toBe(200);
    await service.sandbox.revokeKey(id);
    // Security property: no outage of Redis keeps a revoked key alive.
    await expect.poll(async () => (await askForUpload(service.url, token)).status, POLL).toBe(401);
  }

  it('hangs fails no call', async () => {
    await expectNoFailures('hung and back', async () => {
      await redis.pause();
      await expectKeysToWork();
      await delay(STATE_MS);
      await redis.resume();
      await untilRedisIs('up');
      await delay(STATE_MS);
    });
  });

  it('dies and comes back empty fails no call', async () => {
    await expectNoFailures('killed and restarted', async () => {
      await redis.kill();
      await untilRedisIs('down');
      await expectKeysToWork();
      await delay(STATE_MS);
      await redis.restart();
      await untilRedisIs('up');
      await delay(STATE_MS);
    });
    expect((await sendHttp1(`${service.url}/readyz`)).status).toBe(200);
  });

  it('is wiped fails no call', async () => {
    const admin = new Redis(redis.url);
    try {
      await expectNoFailures('wiped again and again', async () => {
        const { id, token } = await service.sandbox.createKey();
        expect((await askForUpload(service.url, token)).status).toBe(200);
        await service.sandbox.revokeKey(id);
        for (let n = 0; n < 40; n++) {
          await admin.flushall();
          await delay(STATE_MS / 40);
        }
        // Security property: with the tombstone gone, the revoked key stays refused.
        expect((await askForUpload(service.url, token)).status).toBe(401);
      });
    } finally {
      admin.disconnect();
    }
  });

  it('is down when the service starts does not keep it from starting and serving', async () => {
    await redis.kill();
    try {
      const late = await service.sandbox.start();
      for (const token of tokens) expect((await askForUpload(late.url, token)).status).toBe(200);
      const { body } = await sendHttp1(`${late.url}/health`);
      expect(JSON.parse(body)).toMatchObject({
        status: 'degraded',
        dependencies: { redis: { status: 'down' } },
      });
      expect((await sendHttp1(`${late.url}/readyz`)).status).toBe(200);
    } finally {
      await redis.restart();
    }
  });
});

// How long a key that was revoked on one service still works on the others, with each thing that can happen to Redis.
// The delays are printed; what is asserted is that they end, and that no refusal is taken back.
import { performance } from 'node:perf_hooks';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { describeWith } from '../support/available.ts';
import { type Fleet, openFleet } from '../support/fleet.ts';
import { closingAgent, sendHttp1 } from '../support/http-requests.ts';
import { UNREACHABLE_S3 } from '../support/sandbox.ts';
import { openService } from '../support/service.ts';
import { UPLOAD_PATH, uploadCall } from '../support/upload-calls.ts';

const KEYS = 10;
const ADMIN_SCOPES = 'keys:read,keys:write,uploads:create';
/** Far beyond the bound, as machines may be busy. */
const GIVE_UP_MS = 20_000;

interface Revocation {
  readonly revokingUrl: string;
  readonly otherUrls: readonly string[];
  readonly admin: string;
  readonly createKey: () => Promise<{ readonly id: string; readonly token: string }>;
}

/** Revokes keys in use; answers how long after the answer the other services still took them, in ms. */
async function measureDelays(revocation: Revocation): Promise<{ delaysMs: number[]; answers: number[] }> {
  const { revokingUrl, otherUrls, admin, createKey } = revocation;
  using agent = closingAgent();
  const statusOf = async (url: string, token: string) =>
    (await sendHttp1(url + UPLOAD_PATH, uploadCall(token), agent)).status;
  const delaysMs: number[] = [];
  const answers: number[] = [];
  for (let n = 0; n < KEYS; n++) {
    const { id, token } = await createKey();
    for (const url of otherUrls) expect(await statusOf(url, token)).toBe(200);
    const startedAtMs = performance.now();
    const { status } = await sendHttp1(
      `${revokingUrl}/v1/api-keys/${id}`,
      { method: 'DELETE', headers: { authorization: `Bearer ${admin}` } },
      agent,
    );
    const revokedAtMs = performance.now();
    expect(status).toBe(200);
    answers.push(revokedAtMs - startedAtMs);
    // Security property: the service that answered refuses the key itself, whatever fails.
    expect(await statusOf(revokingUrl, token)).toBe(401);
    const delays = otherUrls.map(async (url) => {
      for (;;) {
        const status = await statusOf(url, token);
        const elapsedMs = performance.now() - revokedAtMs;
        if (status === 401) return elapsedMs;
        expect({ status, gaveUp: elapsedMs > GIVE_UP_MS }).toEqual({ status: 200, gaveUp: false });
      }
    });
    delaysMs.push(...(await Promise.all(delays)));
    for (const url of otherUrls) {
      for (let again = 0; again < 5; again++) expect(await statusOf(url, token)).toBe(401);
    }
  }
  return { delaysMs, answers };
}

function report(name: string, { delaysMs, answers }: Awaited<ReturnType<typeof measureDelays>>): void {
  const sorted = delaysMs.toSorted((a, b) => a - b);
  const figure = (ms: number | undefined) => `${Math.round((ms ?? Number.NaN) * 10) / 10} ms`;
  process.stdout.write(
    `revocation, ${name}: other services refuse after median ${figure(sorted[sorted.length >> 1])}, ` +
      `max ${figure(sorted.at(-1))} (n=${sorted.length}); slowest answer ${figure(Math.max(...answers))}\n`,
  );
}

describeWith('toxiproxyUrl', 'a fleet on Postgres refuses a revoked key on every service', (toxiproxyUrl) => {
  let fleet: Fleet;

  beforeAll(async () => {
    fleet = await openFleet({ postgresUrl: inject('postgresUrl') ?? '', toxiproxyUrl }, 3);
  });
  afterEach(async () => {
    for (const { toRedis } of fleet.nodes) await toRedis.heal();
    await fleet.redis.restart();
    await untilRedisAnswers(fleet);
  });
  afterAll(() => fleet?.[Symbol.asyncDispose]());

  async function measure(name: string): Promise<void> {
    const [first, ...others] = fleet.nodes.map(({ url }) => url);
    report(
      name,
      await measureDelays({
        revokingUrl: first ?? '',
        otherUrls: others,
        admin: fleet.admin,
        createKey: () => fleet.createKey(),
      }),
    );
  }

  it('when all is well', () => measure('healthy'));

  it('when Redis is killed', async () => {
    await fleet.redis.kill();
    await measure('Redis killed');
  });

  it('when Redis hangs', async () => {
    await fleet.redis.pause();
    try {
      await measure('Redis hung');
    } finally {
      await fleet.redis.resume();
    }
  });

  it('when the others are cut off from Redis', async () => {
    for (const { toRedis } of fleet.nodes.slice(1)) await toRedis.cut();
    await measure('others partitioned from Redis');
  });

  it('when what Redis sends to the others gets lost', async () => {
    for (const { toRedis } of fleet.nodes.slice(1))
      await toRedis.spoil({ type: 'timeout', attributes: { timeout: 0 } });
    await measure('answers of Redis lost');
  });

  it('when the subscriptions are killed again and again', async () => {
    const killer = new Redis(fleet.redis.url);
    const timer = setInterval(() => killer.call('CLIENT', 'KILL', 'TYPE', 'pubsub').catch(() => {}), 20);
    try {
      await measure('subscriptions killed every 20 ms');
    } finally {
      clearInterval(timer);
      killer.disconnect();
    }
  });
});

describe('two services on one SQLite file', () => {
  it('refuse a key that one of them has revoked', async () => {
    await using service = await openService(UNREACHABLE_S3);
    const { sandbox } = service;
    const { token: admin } = await sandbox.createKey(['--scopes', ADMIN_SCOPES]);
    const second = await sandbox.start();
    report(
      'SQLite, two processes, no Redis',
      await measureDelays({
        revokingUrl: service.url,
        otherUrls: [second.url],
        admin,
        createKey: () => sandbox.createKey(),
      }),
    );
  });
});

async function untilRedisAnswers({ nodes }: Fleet): Promise<void> {
  for (const { url } of nodes) {
    await expect
      .poll(async () => JSON.parse((await sendHttp1(`${url}/health`)).body).dependencies.redis.status, {
        timeout: GIVE_UP_MS,
        interval: 100,
      })
      .toBe('up');
  }
}

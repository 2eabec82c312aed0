// What callers notice of each thing that can happen to Redis and Postgres while a service is in use: the failure matrix.
// Known keys never fail; keys that the service has not seen yet are never called wrong; a revoked key stays refused.
import type { Agent } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, inject, it, vi } from 'vitest';
import { describeWith } from '../support/available.ts';
import { type Fleet, openFleet } from '../support/fleet.ts';
import { closingAgent, sendHttp1 } from '../support/http-requests.ts';
import { startLoad } from '../support/load-loop.ts';
import { UPLOAD_PATH, uploadCall } from '../support/upload-calls.ts';

const CALLERS = 4;
/** How long each fault lasts: several lives of a key in memory. */
const FAULT_MS = 3_000;
const POLL = { timeout: 20_000, interval: 100 };

interface Fault {
  readonly name: string;
  /** What a genuine key that the service has never seen may be answered while the fault lasts. */
  readonly unknown: readonly number[];
  readonly begin: (fleet: Fleet) => Promise<unknown>;
  readonly end: (fleet: Fleet) => Promise<unknown>;
}

const node = ({ nodes: [first] }: Fleet) => {
  if (first === undefined) throw new Error('the fleet has no service');
  return first;
};

async function askRedis(fleet: Fleet, ...commands: readonly (readonly string[])[]): Promise<void> {
  const redis = new Redis(fleet.redis.url);
  try {
    for (const [name = '', ...args] of commands) await redis.call(name, ...args);
  } finally {
    redis.disconnect();
  }
}

const healRedis = (fleet: Fleet) => node(fleet).toRedis.heal();
const healPostgres = (fleet: Fleet) => node(fleet).toPostgres.heal();

const FAULTS: readonly Fault[] = [
  {
    name: 'Redis refuses connections',
    unknown: [200],
    begin: (fleet) => node(fleet).toRedis.cut(),
    end: healRedis,
  },
  {
    name: 'Redis hangs',
    unknown: [200],
    begin: (fleet) => node(fleet).toRedis.spoil({ type: 'timeout', attributes: { timeout: 0 } }),
    end: healRedis,
  },
  {
    name: 'Redis answers 1 s late',
    unknown: [200],
    begin: (fleet) => node(fleet).toRedis.spoil({ type: 'latency', attributes: { latency: 1_000 } }),
    end: healRedis,
  },
  {
    name: 'Redis resets every connection after 50 ms',
    unknown: [200],
    begin: (fleet) => node(fleet).toRedis.spoil({ type: 'reset_peer', attributes: { timeout: 50 } }),
    end: healRedis,
  },
  {
    name: 'Redis is wiped',
    unknown: [200],
    begin: (fleet) => askRedis(fleet, ['FLUSHALL']),
    end: async () => {},
  },
  {
    name: 'Redis is out of memory',
    unknown: [200],
    begin: (fleet) =>
      askRedis(
        fleet,
        ['CONFIG', 'SET', 'maxmemory-policy', 'noeviction'],
        ['CONFIG', 'SET', 'maxmemory', '1'],
      ),
    end: (fleet) => askRedis(fleet, ['CONFIG', 'SET', 'maxmemory', '0']),
  },
  {
    name: 'Redis is a replica that takes no writes',
    unknown: [200],
    begin: (fleet) => askRedis(fleet, ['REPLICAOF', '127.0.0.1', '1']),
    end: (fleet) => askRedis(fleet, ['REPLICAOF', 'NO', 'ONE']),
  },
  {
    name: 'Redis loses its subscriptions',
    unknown: [200],
    begin: (fleet) => askRedis(fleet, ['CLIENT', 'KILL', 'TYPE', 'pubsub']),
    end: async () => {},
  },
  {
    name: 'Postgres refuses connections',
    unknown: [503],
    begin: (fleet) => node(fleet).toPostgres.cut(),
    end: healPostgres,
  },
  {
    name: 'Postgres hangs',
    unknown: [503],
    begin: (fleet) => node(fleet).toPostgres.spoil({ type: 'timeout', attributes: { timeout: 0 } }),
    end: healPostgres,
  },
  {
    name: 'Postgres answers 200 ms late',
    unknown: [200],
    begin: (fleet) => node(fleet).toPostgres.spoil({ type: 'latency', attributes: { latency: 200 } }),
    end: healPostgres,
  },
  {
    name: 'Postgres answers 2 s late',
    unknown: [503],
    begin: (fleet) => node(fleet).toPostgres.spoil({ type: 'latency', attributes: { latency: 2_000 } }),
    end: healPostgres,
  },
  {
    name: 'Redis and Postgres are both cut off',
    unknown: [503],
    begin: (fleet) => Promise.all([node(fleet).toRedis.cut(), node(fleet).toPostgres.cut()]),
    end: (fleet) => Promise.all([healRedis(fleet), healPostgres(fleet)]),
  },
];

describeWith('toxiproxyUrl', 'while a service is in use and', (toxiproxyUrl) => {
  let fleet: Fleet;
  let known: string[];
  let revoked: string;

  beforeAll(async () => {
    // With short lives the service asks Redis and Postgres all the time, as one with many keys would.
    fleet = await openFleet({ postgresUrl: inject('postgresUrl') ?? '', toxiproxyUrl }, 1, {
      PRESIGND_KEY_MAX_AGE: '1s',
    });
    const keys = await Promise.all(Array.from({ length: CALLERS }, () => fleet.createKey()));
    known = keys.map(({ token }) => token);
    const { id, token } = await fleet.createKey();
    revoked = token;
    for (const each of [...known, revoked]) expect(await statusOf(each)).toBe(200);
    await fleet.sandbox.revokeKey(id);
    await vi.waitUntil(async () => (await statusOf(revoked)) === 401, POLL);
  });
  afterAll(() => fleet?.[Symbol.asyncDispose]());

  async function statusOf(token: string, agent?: Agent): Promise<number> {
    return (await sendHttp1(node(fleet).url + UPLOAD_PATH, uploadCall(token), agent)).status;
  }

  async function untilHealthy(): Promise<void> {
    await expect
      .poll(async () => JSON.parse((await sendHttp1(`${node(fleet).url}/health`)).body).status, POLL)
      .toBe('ok');
  }

  for (const { name, unknown, begin, end } of FAULTS) {
    it(`${name}, known keys work and nobody is called wrong`, async () => {
      await untilHealthy();
      // Not through the services' Redis, where a new key is written to help them.
      const fresh = await Promise.all(
        Array.from({ length: 5 }, () => fleet.sandbox.createKey([], { REDIS_URL: '' })),
      );
      using agent = closingAgent();
      const load = startLoad(CALLERS, async (caller) => {
        const status = await statusOf(known[caller] ?? '', agent);
        if (status !== 200) throw new Error(String(status));
      });
      const seen = new Set<number>();
      try {
        await load.calls(50);
        await begin(fleet);
        for (const { token } of fresh) {
          await delay(FAULT_MS / fresh.length);
          seen.add(await statusOf(token, agent));
          // Security property: no outage makes a revoked key work again.
          expect(await statusOf(revoked, agent)).toSatisfy((status) => status === 401 || status === 503);
        }
      } finally {
        await end(fleet);
      }
      await untilHealthy();
      const { calls, failures, longestMs } = await load.stop();
      process.stdout.write(
        `${name}: ${failures.length} of ${calls} calls of known keys failed, the longest took ` +
          `${Math.round(longestMs)} ms; unknown keys: ${[...seen].join(', ')}\n`,
      );
      expect(failures).toEqual([]);
      for (const status of seen) expect([...unknown, 200]).toContain(status);
      for (const { token } of fresh) await expect.poll(() => statusOf(token), POLL).toBe(200);
      expect(await statusOf(revoked)).toBe(401);
    });
  }
});

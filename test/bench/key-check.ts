import type { KeyDigest } from '../../src/keys/api-key.ts';
import { createKeyLookup, type KeyLookupDeps, recordFromKey } from '../../src/keys/lookup.ts';
import { cacheKeyFromPepper } from '../../src/keys/peppers.ts';
import { createKeyVerifier, type KeyVerifier } from '../../src/keys/verify.ts';
import { openRedis } from '../../src/redis/client.ts';
import { createRedisKeyCache } from '../../src/redis/key-cache.ts';
import { insertKeys } from '../support/key-changes.ts';
import { OTHER_PEPPER, PEPPER, tokenAndKey } from '../support/key-fixtures.ts';
import { makeSqlitePlace } from '../support/sqlite-place.ts';
import { systemClock } from '../support/system-clock.ts';
import { alternate, type Subject } from './alternate.ts';
import { startChildServer } from './child-server.ts';
import type { Section } from './options.ts';
import { median } from './stats.ts';
import { figure, verdict } from './table.ts';

export const ADDRESS = '127.0.0.1';
const REDIS_START_MS = 5_000;

/** Longer than the bench, which the life of a record in production never is. */
const RECORD_TTL_MS = 3_600_000;

/** Memory that holds one key forgets each of two in turn, so that every lookup goes on to the next tier. */
export const NO_MEMORY = { memoryEntries: 1 };
const KEYS = [tokenAndKey(), tokenAndKey()] as const;

const MEMORY = 'memory';

export const keyCheck: Section = {
  name: 'keys',
  run: async (options) => {
    await using closing = new AsyncDisposableStack();
    const place = closing.adopt(await makeSqlitePlace(), ({ remove }) => remove());
    const store = closing.adopt(await place.open(), (opened) => opened.close());
    await insertKeys(store, ...KEYS.map(({ key }) => key));
    const subjects = [
      await memorySubject(),
      forgedSubject(),
      await redisSubject(closing).catch((error: unknown) => {
        options.progress(`keys: without Redis: ${error instanceof Error ? error.message : error}`);
        return [];
      }),
      { label: 'SQLite', run: verifyInTurn(verifierOf({ store, limits: NO_MEMORY })) },
    ].flat();
    const timings = await alternate(subjects, options);
    return {
      title: 'Checking one API key',
      columns: ['answered by', 'CPU µs per check', 'elapsed µs', 'budget'],
      rows: timings.map(({ label, cpuMicros, elapsedMicros }) => [
        label,
        figure(median(cpuMicros)),
        figure(median(elapsedMicros)),
        label === MEMORY ? verdict({ limit: 3, bound: '≤', unit: ' µs' }, median(cpuMicros)) : '',
      ]),
    };
  },
};

/** The second tier is not reached again once memory knows the key. */
async function memorySubject(): Promise<Subject> {
  const [{ authorization, key }] = KEYS;
  const { verify } = verifierOf({ store: { findByDigest: async () => key } });
  await verify(authorization, ADDRESS);
  return { label: MEMORY, run: () => verify(authorization, ADDRESS) };
}

/** A key with a right checksum and a wrong tag: it is refused without asking anybody. */
function forgedSubject(): Subject {
  const { authorization } = tokenAndKey({}, { pepper: OTHER_PEPPER });
  const { verify } = verifierOf({ store: { findByDigest: unreachable } });
  return {
    label: 'the tag of a forged key, no I/O',
    run: () => {
      try {
        verify(authorization, ADDRESS);
      } catch {
        return;
      }
      throw new Error('a forged key got past its tag');
    },
  };
}

async function redisSubject(closing: AsyncDisposableStack): Promise<Subject> {
  const connections = openRedis({ url: process.env['REDIS_URL'] ?? (await startRedis(closing)) });
  closing.defer(() => connections.close());
  if (!(await connections.ready(REDIS_START_MS))) throw new Error('it does not answer');
  const shared = createRedisKeyCache({
    connections,
    cacheKey: cacheKeyFromPepper(PEPPER),
    clock: systemClock,
    prefix: `bench${process.pid}:`,
  });
  closing.defer(() => shared.close());
  for (const { key } of KEYS) await shared.fill(key.digest, recordFromKey(key), RECORD_TTL_MS);
  const { verify } = verifierOf({ store: { findByDigest: unreachable }, shared, limits: NO_MEMORY });
  return { label: 'Redis on loopback', run: verifyInTurn({ verify }) };
}

async function startRedis(closing: AsyncDisposableStack): Promise<string> {
  const server = await startChildServer({
    program: 'redis-server',
    arguments: (port) => ['--port', String(port), '--bind', ADDRESS, '--save', '', '--appendonly', 'no'],
  });
  closing.use(server);
  return `redis://${ADDRESS}:${server.port}`;
}

export function verifierOf(deps: Pick<KeyLookupDeps, 'store' | 'shared' | 'limits'>): KeyVerifier {
  const { schedule } = systemClock;
  const lookup = createKeyLookup({ ...deps, clock: systemClock, schedule, random: Math.random });
  return createKeyVerifier({ lookup, peppers: [PEPPER], clock: systemClock });
}

function verifyInTurn({ verify }: Pick<KeyVerifier, 'verify'>): Subject['run'] {
  return (turn) => verify(KEYS[turn % 2 === 0 ? 0 : 1].authorization, ADDRESS);
}

async function unreachable(digest: KeyDigest): Promise<never> {
  throw new Error(`the store was asked for ${digest}`);
}

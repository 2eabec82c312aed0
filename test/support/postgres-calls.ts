// Every method of a key store, called by tests that hurt the server behind it.
import { setTimeout as delay } from 'node:timers/promises';
import { expect, vi } from 'vitest';
import { Fault } from '../../src/fault/fault.ts';
import type { KeyStore } from '../../src/keys/ports.ts';
import type { ByteLedger } from '../../src/quota/ports.ts';
import { createChange, useOf } from './key-changes.ts';
import { ownName } from './postgres-place.ts';
import { digestOf, storedKey } from './stored-key.ts';

type Call = (store: KeyStore & ByteLedger) => Promise<unknown>;

const PERIODS = [{ period: '2026-11-22', limitBytes: 1e12 }];

export const READS = {
  findByDigest: (store) => store.findByDigest(digestOf('a')),
  findById: (store) => store.findById('key_a'),
  events: (store) => store.events(0, 10),
  ping: (store) => store.ping(),
  list: (store) => store.list({ offset: 0, limit: 10, nowMs: 0 }),
  audit: (store) => store.audit({ limit: 10 }),
} as const satisfies Record<string, Call>;

export const WRITES = {
  commit: (store) => store.commit(createChange(storedKey(ownName()), { idempotency: useOf(ownName()) })),
  touch: (store) => store.touch([{ id: 'key_a', atMs: Date.now() }]),
  secretOnce: (store) => store.secretOnce(ownName(), Buffer.from('candidate')),
  takeBytes: (store) => store.takeBytes('key_a', 1, PERIODS),
} as const satisfies Record<string, Call>;

export const CALLS = { ...READS, ...WRITES } as const;

/** Far beyond every bound of the store: what takes this long hangs. */
const HANGS_AFTER_MS = 15_000;

/** What became of each call, all of them at once: `ok`, the reason of its Fault, or what else happened. */
export async function outcomesOf(
  store: KeyStore & ByteLedger,
  calls: Readonly<Record<string, Call>>,
): Promise<Readonly<Record<string, string>>> {
  const entries = Object.entries(calls).map(async ([name, call]) => {
    const outcome = call(store).then(
      () => 'ok',
      (error: unknown) => (error instanceof Fault ? error.reason : String(error)),
    );
    const hang = new AbortController();
    const hangs = delay(HANGS_AFTER_MS, 'hangs', { signal: hang.signal }).catch(() => 'hangs');
    const answer = await Promise.race([outcome, hangs]);
    hang.abort();
    return [name, answer] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

/** The same answer from each of the calls. */
export function allOf(
  calls: Readonly<Record<string, Call>>,
  outcome: 'ok' | 'STORE_UNAVAILABLE',
): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.keys(calls).map((name) => [name, outcome]));
}

export async function expectUnavailable(
  store: KeyStore & ByteLedger,
  calls: Readonly<Record<string, Call>> = CALLS,
): Promise<void> {
  const startedMs = performance.now();
  const outcomes = await outcomesOf(store, calls);
  process.stdout.write(
    `  ${expect.getState().currentTestName}: ${Math.round(performance.now() - startedMs)} ms\n`,
  );
  expect(outcomes).toEqual(allOf(calls, 'STORE_UNAVAILABLE'));
}

export async function expectAvailable(
  store: KeyStore & ByteLedger,
  calls: Readonly<Record<string, Call>> = CALLS,
): Promise<void> {
  expect(await outcomesOf(store, calls)).toEqual(allOf(calls, 'ok'));
}

/** Waits until every call goes through again, without anybody's help. */
export async function expectRecovery(store: KeyStore & ByteLedger): Promise<void> {
  await vi.waitFor(() => expectAvailable(store), { timeout: 30_000, interval: 100 });
}

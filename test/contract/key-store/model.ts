import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type ApiKey, SHOWN_STATUSES } from '../../../src/keys/api-key.ts';
import type { KeyChange } from '../../../src/keys/ports.ts';
import { createChange, revokeChange, rotateChange, updateChange, useOf } from '../../support/key-changes.ts';
import { createMemoryKeyStore } from '../../support/memory-key-store.ts';
import { storedKey } from '../../support/stored-key.ts';
import { type FullKeyStore, type KeyStorePlace, listAll } from './subject.ts';

/** Few, so that what is done meets what was done before. */
const LABELS = ['a', 'B', 'c', 'D'];
const OWNERS = ['acme', 'acme-2'];
const PERIODS = ['2026-11-22', '2026-11'];
const NOW_MS = 20;

const label = fc.constantFrom(...LABELS);
const moment = fc.integer({ min: 1, max: 40 });
/** How many versions behind the change is. */
const behind = fc.constantFrom(0, 0, 0, 1);

const keyToBe = fc.record({
  label,
  owner: fc.constantFrom(...OWNERS),
  createdAtMs: moment,
  expiresAtMs: fc.option(moment),
});
const change = fc.record(
  {
    name: fc.string({ maxLength: 5 }),
    status: fc.constantFrom('active' as const, 'disabled' as const),
    policy: fc.constantFrom(null, {}, { maxSizeBytes: 5 }, { extensions: ['png'], allowOverwrite: false }),
    rateLimit: fc.constantFrom(null, { plan: 'free' }, { requests: 5, windowSeconds: 60 }),
    expiresAtMs: fc.option(moment),
  },
  { requiredKeys: [] },
);

const command = fc.oneof(
  fc.record({
    do: fc.constant('create' as const),
    key: keyToBe,
    idempotencyKey: fc.option(fc.constantFrom('x', 'y')),
    onlyIfEmpty: fc.constantFrom(false, false, true),
  }),
  fc.record({ do: fc.constant('update' as const), label, behind, change }),
  fc.record({ do: fc.constant('revoke' as const), label, behind, atMs: moment }),
  fc.record({ do: fc.constant('rotate' as const), label, behind, key: keyToBe, overlapEndsAtMs: moment }),
  fc.record({ do: fc.constant('touch' as const), uses: fc.array(fc.record({ label, atMs: moment })) }),
  fc.record({
    do: fc.constant('take' as const),
    label,
    bytes: fc.nat(9),
    limits: fc.tuple(fc.nat(30), fc.nat(60)),
  }),
);
type Command = typeof command extends fc.Arbitrary<infer C> ? C : never;

interface Situation {
  /** The key with this label as it is. */
  readonly known: (label: string) => ApiKey;
  /** Grows, as time does. */
  readonly validSinceMs: number;
}

/** What somebody who knows the keys of the model would ask for. */
function changeOf(asked: Command, { known, validSinceMs }: Situation): KeyChange | undefined {
  const newKey = ({ label: name, ...rest }: { label: string }) => storedKey(name, rest);
  const stale = (of: { label: string; behind: number }) => {
    const key = known(of.label);
    return { ...key, version: key.version - of.behind };
  };
  switch (asked.do) {
    case 'create': {
      const { key, idempotencyKey, onlyIfEmpty } = asked;
      const idempotency =
        idempotencyKey === null ? undefined : useOf(idempotencyKey, { owner: key.owner, validSinceMs });
      return createChange(newKey(key), { idempotency, onlyIfEmpty });
    }
    case 'update':
      return updateChange(stale(asked), asked.change);
    case 'revoke':
      return revokeChange(stale(asked), asked.atMs);
    case 'rotate':
      return rotateChange(stale(asked), newKey(asked.key), asked.overlapEndsAtMs);
    default:
      return undefined;
  }
}

/** Does one command. Answers what the store answered, or that it refused. */
async function run(store: FullKeyStore, asked: Command, situation: Situation): Promise<unknown> {
  if (asked.do === 'touch') {
    return store.touch(asked.uses.map((use) => ({ id: `key_${use.label}`, atMs: use.atMs })));
  }
  if (asked.do === 'take') {
    const periods = PERIODS.map((period, n) => ({ period, limitBytes: asked.limits[n] ?? 0 }));
    return store.takeBytes(`key_${asked.label}`, asked.bytes, periods);
  }
  const asksFor = changeOf(asked, situation);
  return asksFor && store.commit(asksFor).catch(() => 'refused');
}

/** Everything that can be seen of a store. Sequence numbers may have gaps, so only their order is told. */
async function observe(store: FullKeyStore) {
  const queries = [undefined, ...OWNERS].flatMap((owner) =>
    [undefined, ...SHOWN_STATUSES].map((status) => ({ owner, status, nowMs: NOW_MS })),
  );
  const lists = [];
  for (const query of queries) lists.push(await listAll(store, query));
  const events = await store.events(0, 1_000);
  const audit = await store.audit({ limit: 1_000 });
  const usage = [];
  for (const name of LABELS) {
    const periods = PERIODS.map((period) => ({ period, limitBytes: 1e9 }));
    usage.push(await store.takeBytes(`key_${name}`, 0, periods));
  }
  return {
    lists,
    events: events.map(({ seq: _, ...event }) => event),
    audit: audit.map(({ seq: _, ...entry }) => entry),
    usage,
  };
}

export function describeModel(makePlace: () => Promise<KeyStorePlace>): void {
  it('does what the model does, whatever the changes and their order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(command, { minLength: 5, maxLength: 40 }), async (commands) => {
        const model = createMemoryKeyStore();
        const place = await makePlace();
        const store = await place.open();
        try {
          for (const [validSinceMs, asked] of commands.entries()) {
            const { keys } = await listAll(model);
            const known = (name: string) => keys.find(({ id }) => id === `key_${name}`) ?? storedKey(name);
            const situation = { known, validSinceMs };
            expect(await run(store, asked, situation)).toEqual(await run(model, asked, situation));
          }
          expect(await observe(store)).toEqual(await observe(model));
        } finally {
          await store.close();
          await place.remove();
        }
      }),
      { numRuns: 20, endOnFailure: true },
    );
  });
}

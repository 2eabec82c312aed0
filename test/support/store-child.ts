// A process that uses a key store in the way its first argument names, and writes one line for each thing that
// the store has acknowledged. The second argument is the store's URL, the third depends on the way.
import { rmSync, writeFileSync } from 'node:fs';
import { Fault } from '../../src/fault/fault.ts';
import type { KeyChange } from '../../src/keys/ports.ts';
import { openKeyStore } from '../../src/store/open-store.ts';
import { createChange, revokeChange, useOf } from './key-changes.ts';
import { storedKey } from './stored-key.ts';

const FILLER_BYTES = 600 * 1024;

/** Everything that processes do once together is done by each of them, named by these. */
const SHARED_USE = useOf('shared');
const SHARED_PERIOD = { period: '2026-11', limitBytes: 100 };

const [way = '', url = '', argument = ''] = process.argv.slice(2);
const say = (line: string) => process.stdout.write(`${line}\n`);
const open = () => openKeyStore(() => url, { autoMigrate: true, poolSize: 2 });
type Store = Awaited<ReturnType<typeof open>>;

const ways: Readonly<Record<string, () => Promise<void>>> = {
  /** Creates keys without end, each with an idempotency key, and revokes every other; the argument begins each label. */
  async 'change-until-killed'() {
    const store = await open();
    for (let n = 0; ; n += 1) {
      const key = storedKey(`${argument}-${n}`);
      await commit(store, createChange(key, { idempotency: useOf(key.id) }), `inserted ${key.id}`);
      if (n % 2 === 1) await commit(store, revokeChange(key, key.createdAtMs + 5), `revoked ${key.id}`);
    }
  },

  /** Does what only one of several may do, and creates ten keys; the argument begins each label. */
  async share() {
    const store = await open();
    say(`secret ${await store.secretOnce('pepper', Buffer.from(argument))}`);
    const first = createChange(storedKey(`first-${argument}`), { onlyIfEmpty: true });
    say(`first ${(await store.commit(first)).outcome}`);
    const shared = storedKey(`shared-${argument}`);
    const answer = await store.commit(createChange(shared, { idempotency: SHARED_USE }));
    const sharedId = answer.outcome === 'repeated' ? answer.keyId : shared.id;
    say(`shared ${answer.outcome} ${sharedId}`);
    for (let n = 0; n < 10; n += 1) await insert(store, `${argument}-${n}`);
    const asMade = storedKey(sharedId.slice('key_'.length));
    say(`revoked ${(await store.commit(revokeChange(asMade, asMade.createdAtMs + 1))).outcome}`);
    for (let n = 0; n < 10; n += 1) {
      const { granted } = await store.takeBytes(sharedId, 3, [SHARED_PERIOD]);
      say(`granted ${granted}`);
    }
    await store.close();
  },

  /** Inserts until the disk is full, frees some of it by removing the file of the argument, and inserts again. */
  async 'fill-disk'() {
    writeFileSync(argument, Buffer.alloc(FILLER_BYTES));
    const store = await open();
    const failure = await insertUntilFailure(store);
    say(`failure ${failure instanceof Fault ? `${failure.reason} ${failure.cause}` : failure}`);
    rmSync(argument);
    await insert(store, 'after-the-failure');
    await store.close();
    const reopened = await open();
    const { keys } = await reopened.list({ offset: 0, limit: 10_000, nowMs: 0 });
    for (const key of keys) say(`kept ${key.id}`);
    for (const { keyId } of await reopened.audit({ limit: 10_000 })) say(`audited ${keyId}`);
    say(`events ${(await reopened.events(0, 10_000)).length}`);
    await reopened.close();
  },

  async open() {
    const store = await open();
    say('opened');
    await store.close();
  },
};

/** Says the line once the store has acknowledged the change. */
async function commit(store: Store, change: KeyChange, line: string): Promise<void> {
  const { outcome } = await store.commit(change);
  say(outcome === 'committed' ? line : `error not committed but ${outcome}`);
}

async function insert(store: Store, label: string): Promise<void> {
  const key = storedKey(label);
  await commit(store, createChange(key), `inserted ${key.id}`);
}

async function insertUntilFailure(store: Store): Promise<unknown> {
  for (let n = 0; n < 10_000; n += 1) {
    try {
      await insert(store, `key-${n}`);
    } catch (error) {
      return error;
    }
  }
  return 'none';
}

try {
  await ways[way]?.();
} catch (error) {
  say(`error ${error instanceof Error ? error.message : error}`);
}

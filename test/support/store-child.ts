// A process that uses a key store in the way its first argument names, and writes one line for each thing that
// the store has acknowledged. The second argument is the store's URL, the third depends on the way.
import { rmSync, writeFileSync } from 'node:fs';
import { Fault } from '../../src/fault/fault.ts';
import type { KeyStore } from '../../src/keys/ports.ts';
import { openKeyStore } from '../../src/store/open-store.ts';
import { storedKey } from './stored-key.ts';

const FILLER_BYTES = 200 * 1024;

const [way = '', url = '', argument = ''] = process.argv.slice(2);
const say = (line: string) => process.stdout.write(`${line}\n`);

const ways: Readonly<Record<string, () => Promise<void>>> = {
  /** Inserts without end; the argument begins each label. */
  async 'insert-until-killed'() {
    const store = await openKeyStore(url);
    for (let n = 0; ; n += 1) await insert(store, `${argument}-${n}`);
  },

  /** Settles a secret and inserts ten keys; the argument begins each label. */
  async 'insert-ten'() {
    const store = await openKeyStore(url);
    say(`secret ${await store.secretOnce('pepper', Buffer.from(argument))}`);
    for (let n = 0; n < 10; n += 1) await insert(store, `${argument}-${n}`);
    await store.close();
  },

  /** Inserts until the disk is full, frees some of it by removing the file of the argument, and inserts again. */
  async 'fill-disk'() {
    writeFileSync(argument, Buffer.alloc(FILLER_BYTES));
    const store = await openKeyStore(url);
    const failure = await insertUntilFailure(store);
    say(`failure ${failure instanceof Fault ? `${failure.reason} ${failure.cause}` : failure}`);
    rmSync(argument);
    await insert(store, 'after-the-failure');
    await store.close();
    const reopened = await openKeyStore(url);
    const { keys } = await reopened.list({ offset: 0, limit: 10_000 });
    for (const key of keys) say(`kept ${key.id}`);
    await reopened.close();
  },

  async open() {
    const store = await openKeyStore(url);
    say('opened');
    await store.close();
  },
};

async function insert(store: KeyStore, label: string): Promise<void> {
  const key = storedKey(label);
  await store.insert(key);
  say(`inserted ${key.id}`);
}

async function insertUntilFailure(store: KeyStore): Promise<unknown> {
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

import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { ReceivedSegment, Segment } from '../../../src/local-s3/blobs.ts';
import type { StoredObject } from '../../../src/local-s3/object-catalog.ts';
import { openStore, type Store } from '../../../src/local-s3/store.ts';
import { temporaryRoot } from './local-s3-fixture.ts';

const BUCKET = 'bucket';
const HEADERS = { 'content-type': 'text/plain' };

async function open(root: string): Promise<Store> {
  const store = await openStore(root);
  onTestFinished(() => {
    try {
      store.close();
    } catch {
      // The test has closed it.
    }
  });
  if (store.objects.listBuckets().length === 0) store.objects.createBucket(BUCKET, 1);
  return store;
}

async function* content(text: string): AsyncGenerator<Buffer> {
  yield Buffer.from(text);
}

function receive(store: Store, text: string, bytes = text.length): Promise<ReceivedSegment> {
  return store.blobs.receive({ promise: { bytes, maxBytes: 1000 }, content: content(text) });
}

function objectOf(key: string, segments: readonly Segment[]): StoredObject {
  const size = segments.reduce((sum, segment) => sum + segment.size, 0);
  return { key, etag: 'etag', size, modifiedMs: 5, headers: HEADERS, segments };
}

async function put(store: Store, key: string, text: string, ifAbsent = false): Promise<void> {
  const { segment } = await receive(store, text);
  await store.commit([segment], () => store.objects.put(BUCKET, objectOf(key, [segment]), { ifAbsent }));
}

async function read(store: Store, segments: readonly Segment[], start = 0, end = Infinity): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of store.blobs.read(segments, { start, end })) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}

const textOf = (store: Store, key: string): Promise<string> =>
  read(store, store.objects.find(BUCKET, key)?.segments ?? []);
const blobsIn = (root: string): Promise<string[]> => readdir(path.join(root, 'blobs'));

describe('the store', () => {
  it('keeps objects over a restart, whatever is in their keys', async () => {
    const root = await temporaryRoot();
    const first = await open(root);
    const keys = ['a', '../../b', 'c\u0000d', '😀', 'x'.repeat(1024)];
    for (const key of keys) await put(first, key, `content of ${key.length}`);
    first.close();
    const second = await open(root);
    for (const key of keys) expect(await textOf(second, key)).toBe(`content of ${key.length}`);
    expect(second.objects.find(BUCKET, 'a')).toMatchObject({ etag: 'etag', modifiedMs: 5, headers: HEADERS });
  });

  /** A key is data; if it ever became a path, an upload could write anywhere. */
  it('names its files without regard to keys', async () => {
    const root = await temporaryRoot();
    const store = await open(root);
    await put(store, '../../../escape', 'x');
    expect((await readdir(root)).filter((name) => !name.startsWith('catalog.db'))).toEqual(['blobs']);
    for (const name of await blobsIn(root)) expect(name).toMatch(/^[0-9a-f-]{36}$/);
    expect((await readdir(path.dirname(root))).filter((name) => name.includes('escape'))).toEqual([]);
  });

  it('clears away at the start what no object refers to', async () => {
    const root = await temporaryRoot();
    const first = await open(root);
    await put(first, 'kept', 'kept');
    await receive(first, 'received, and then came the crash');
    first.close();
    await writeFile(path.join(root, 'blobs', 'half-written'), 'x');
    await mkdir(path.join(root, 'blobs', 'folder'));
    expect(await blobsIn(root)).toHaveLength(4);
    const second = await open(root);
    expect(await blobsIn(root)).toHaveLength(1);
    expect(await textOf(second, 'kept')).toBe('kept');
  });

  it('keeps the parts of open uploads over a restart', async () => {
    const root = await temporaryRoot();
    const first = await open(root);
    first.uploads.create({ id: 'u', bucket: BUCKET, key: 'k', initiatedMs: 1, headers: HEADERS });
    const { segment, size, md5Hex } = await receive(first, 'part');
    const part = { number: 1, etag: md5Hex, size, modifiedMs: 1, blob: segment.blob };
    await first.commit([segment], () => first.uploads.putPart('u', part));
    first.close();
    const second = await open(root);
    expect(second.uploads.require(BUCKET, 'k', 'u')).toMatchObject({ headers: HEADERS });
    expect(await read(second, second.uploads.parts('u', 0))).toBe('part');
  });

  it('deletes the content of objects that are replaced or deleted', async () => {
    const root = await temporaryRoot();
    const store = await open(root);
    await put(store, 'k', 'one');
    await put(store, 'k', 'two');
    expect(await blobsIn(root)).toHaveLength(1);
    await store.commit([], () => store.objects.delete(BUCKET, 'k'));
    expect(await blobsIn(root)).toEqual([]);
    expect(store.objects.find(BUCKET, 'k')).toBeUndefined();
  });

  it('deletes nothing that is being read', async () => {
    const root = await temporaryRoot();
    const store = await open(root);
    await put(store, 'k', 'old');
    const { segments } = store.objects.find(BUCKET, 'k') ?? objectOf('k', []);
    await store.blobs.holding(segments, async () => {
      await store.blobs.holding(segments, () => put(store, 'k', 'new'));
      expect(await read(store, segments)).toBe('old');
    });
    expect(await textOf(store, 'k')).toBe('new');
    expect(await blobsIn(root)).toHaveLength(1);
  });

  it('leaves nothing of a change that fails', async () => {
    const root = await temporaryRoot();
    const store = await open(root);
    await put(store, 'k', 'first', true);
    await expect(put(store, 'k', 'second', true)).rejects.toMatchObject({ code: 'PreconditionFailed' });
    const { segment } = await receive(store, 'third');
    const failing = store.commit([segment], () => {
      store.objects.put(BUCKET, objectOf('k', [segment]), { ifAbsent: false });
      throw new Error('too late');
    });
    await expect(failing).rejects.toThrow('too late');
    expect(await textOf(store, 'k')).toBe('first');
    expect(await blobsIn(root)).toHaveLength(1);
  });

  it('leaves nothing of a body that breaks its promise, or breaks off', async () => {
    const root = await temporaryRoot();
    const store = await open(root);
    await expect(receive(store, 'short', 6)).rejects.toMatchObject({ code: 'IncompleteBody' });
    await expect(receive(store, 'longer', 5)).rejects.toMatchObject({ code: 'IncompleteBody' });
    async function* broken(): AsyncGenerator<Buffer> {
      yield Buffer.from('half');
      throw Object.assign(new Error('aborted'), { code: 'ECONNRESET' });
    }
    const receiving = store.blobs.receive({ promise: { maxBytes: 1000 }, content: broken() });
    await expect(receiving).rejects.toMatchObject({ code: 'IncompleteBody' });
    expect(await blobsIn(root)).toEqual([]);
  });

  it('reads any range over any segments', async () => {
    const store = await open(await temporaryRoot());
    const segments: Segment[] = [];
    for (const text of ['abc', '', 'd', 'efghij']) segments.push((await receive(store, text)).segment);
    const whole = 'abcdefghij';
    for (let start = 0; start < whole.length; start++) {
      for (let end = start; end < whole.length; end++)
        expect(await read(store, segments, start, end)).toBe(whole.slice(start, end + 1));
    }
  });

  it('is open in one place at a time', async () => {
    const root = await temporaryRoot();
    const first = await open(root);
    await put(first, 'k', 'mine');
    await expect(openStore(root)).rejects.toThrow('another process is using');
    expect(await textOf(first, 'k')).toBe('mine');
    first.close();
    await expect(open(root)).resolves.toBeDefined();
  });

  it('does not touch a catalog of another layout', async () => {
    const root = await temporaryRoot();
    const store = await open(root);
    await put(store, 'k', 'x');
    store.close();
    const file = path.join(root, 'catalog.db');
    const db = new DatabaseSync(file);
    db.exec('PRAGMA user_version = 99');
    db.close();
    await expect(openStore(root)).rejects.toThrow('unknown layout 99');
    expect(await blobsIn(root)).toHaveLength(1);
    expect((await readFile(file)).length).toBeGreaterThan(0);
  });
});

import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import type { Segment } from './blobs.ts';
import type { Checksum } from './checksums.ts';
import { S3Error } from './s3-error.ts';

export interface ObjectSummary {
  readonly key: string;
  /** Without quotes. */
  readonly etag: string;
  readonly size: number;
  readonly modifiedMs: number;
  readonly checksum?: Checksum;
}

export interface StoredObject extends ObjectSummary {
  /** Headers to give back with the object, `x-amz-meta-*` among them. */
  readonly headers: Readonly<Record<string, string>>;
  readonly segments: readonly Segment[];
}

export interface Bucket {
  readonly name: string;
  readonly createdMs: number;
}

export interface ObjectCatalog {
  listBuckets(): Bucket[];
  /** @throws S3Error BucketAlreadyOwnedByYou, InvalidBucketName */
  createBucket(name: string, nowMs: number): void;
  /** @throws S3Error NoSuchBucket */
  requireBucket(name: string): void;
  find(bucket: string, key: string): StoredObject | undefined;
  /**
   * Replaces the object of that key, and returns the segments that nothing refers to any more.
   * @throws S3Error PreconditionFailed when there is one and `ifAbsent` is set.
   */
  put(bucket: string, object: StoredObject, options: { ifAbsent: boolean }): readonly Segment[];
  /** Returns the segments that nothing refers to any more. */
  delete(bucket: string, key: string): readonly Segment[];
  /** Objects whose key has the prefix and comes after `after`, in the order of the keys' UTF-8 bytes. */
  scan(bucket: string, prefix: string, after: string): Iterable<ObjectSummary>;
}

/** The naming rules of general purpose buckets, without those that reserve prefixes and suffixes. */
const BUCKET_NAME = /^(?!\d+\.\d+\.\d+\.\d+$)[a-z0-9](?:[a-z0-9-]|\.(?!\.)){1,61}[a-z0-9]$/;

export function createObjectCatalog(db: DatabaseSync): ObjectCatalog {
  const selectBucket = db.prepare('SELECT 1 FROM buckets WHERE name = ?');
  const insertBucket = db.prepare('INSERT INTO buckets (name, created_ms) VALUES (?, ?)');
  const selectBuckets = db.prepare('SELECT name, created_ms FROM buckets ORDER BY name');
  const select = db.prepare('SELECT * FROM objects WHERE bucket = ? AND key = ?');
  const upsert = db.prepare(
    'INSERT OR REPLACE INTO objects (bucket, key, etag, size, modified_ms, headers, checksum, segments) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
  );
  const remove = db.prepare('DELETE FROM objects WHERE bucket = ? AND key = ? RETURNING segments');
  const scanFrom = db.prepare(
    'SELECT key, etag, size, modified_ms, checksum FROM objects WHERE bucket = ? AND key >= ? AND key > ? ORDER BY key',
  );

  const catalog: ObjectCatalog = {
    listBuckets: () =>
      selectBuckets.all().map((row) => ({ name: String(row['name']), createdMs: Number(row['created_ms']) })),

    createBucket(name, nowMs) {
      if (!BUCKET_NAME.test(name)) throw new S3Error('InvalidBucketName', undefined, { BucketName: name });
      if (selectBucket.get(name) !== undefined) {
        throw new S3Error('BucketAlreadyOwnedByYou', undefined, { BucketName: name });
      }
      insertBucket.run(name, nowMs);
    },

    requireBucket(name) {
      if (selectBucket.get(name) === undefined) {
        throw new S3Error('NoSuchBucket', undefined, { BucketName: name });
      }
    },

    find(bucket, key) {
      const row = select.get(bucket, key);
      return (
        row && { ...summaryFromRow(row), headers: parse(row['headers']), segments: parse(row['segments']) }
      );
    },

    put(bucket, object, { ifAbsent }) {
      const old = select.get(bucket, object.key);
      if (old !== undefined && ifAbsent) {
        throw new S3Error('PreconditionFailed', undefined, { Condition: 'If-None-Match' });
      }
      upsert.run(
        bucket,
        object.key,
        object.etag,
        object.size,
        object.modifiedMs,
        JSON.stringify(object.headers),
        object.checksum === undefined ? null : JSON.stringify(object.checksum),
        JSON.stringify(object.segments),
      );
      return old === undefined ? [] : parse(old['segments']);
    },

    delete(bucket, key) {
      const old = remove.get(bucket, key);
      return old === undefined ? [] : parse(old['segments']);
    },

    *scan(bucket, prefix, after) {
      for (const row of scanFrom.iterate(bucket, prefix, after)) {
        const summary = summaryFromRow(row);
        if (!summary.key.startsWith(prefix)) return;
        yield summary;
      }
    },
  };
  return catalog;
}

function summaryFromRow(row: Record<string, SQLOutputValue>): ObjectSummary {
  return {
    key: String(row['key']),
    etag: String(row['etag']),
    size: Number(row['size']),
    modifiedMs: Number(row['modified_ms']),
    ...(row['checksum'] !== null && { checksum: parse(row['checksum']) }),
  };
}

/** Reads a column that only this program writes. */
function parse<T>(json: SQLOutputValue | undefined): T {
  return JSON.parse(String(json));
}

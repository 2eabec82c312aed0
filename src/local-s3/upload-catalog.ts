import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import type { Segment } from './blobs.ts';
import { type ChecksumAlgorithm, type ChecksumType, checksumAlgorithmFromName } from './checksums.ts';
import { S3Error } from './s3-error.ts';

export interface UploadChecksum {
  readonly algorithm: ChecksumAlgorithm;
  readonly type: ChecksumType;
}

/** A multipart upload that has been neither completed nor aborted. */
export interface MultipartUpload {
  readonly id: string;
  readonly bucket: string;
  readonly key: string;
  readonly initiatedMs: number;
  /** What the object will be given back with. */
  readonly headers: Readonly<Record<string, string>>;
  /** The checksum every part has to bring, where one was asked for. */
  readonly checksum?: UploadChecksum;
}

export interface Part {
  readonly number: number;
  /** Without quotes. */
  readonly etag: string;
  readonly size: number;
  readonly modifiedMs: number;
  readonly checksum?: string;
  readonly blob: string;
}

export interface UploadCatalog {
  create(upload: MultipartUpload): void;
  /** @throws S3Error NoSuchUpload, also for the id of an upload to another key. */
  require(bucket: string, key: string, id: string): MultipartUpload;
  /** Uploads in the order of key, then id, after the given pair. */
  scan(bucket: string, prefix: string, after: { key: string; id: string }): Iterable<MultipartUpload>;
  /** Replaces the part of that number, and returns the segment that nothing refers to any more. */
  putPart(id: string, part: Part): Segment[];
  parts(id: string, afterNumber: number): Part[];
  /** Forgets the upload and its parts. */
  delete(id: string): void;
}

export function createUploadCatalog(db: DatabaseSync): UploadCatalog {
  const insert = db.prepare(
    'INSERT INTO uploads (id, bucket, key, initiated_ms, headers, checksum_algorithm, checksum_type) VALUES (?, ?, ?, ?, ?, ?, ?)',
  );
  const select = db.prepare('SELECT * FROM uploads WHERE id = ? AND bucket = ? AND key = ?');
  const scanFrom = db.prepare(
    'SELECT * FROM uploads WHERE bucket = ? AND key >= ? AND (key, id) > (?, ?) ORDER BY key, id',
  );
  const remove = db.prepare('DELETE FROM uploads WHERE id = ?');
  const selectPart = db.prepare('SELECT * FROM parts WHERE upload_id = ? AND number = ?');
  const selectParts = db.prepare('SELECT * FROM parts WHERE upload_id = ? AND number > ? ORDER BY number');
  const upsertPart = db.prepare(
    'INSERT OR REPLACE INTO parts (upload_id, number, etag, size, modified_ms, checksum, blob) VALUES (?, ?, ?, ?, ?, ?, ?)',
  );

  return {
    create({ id, bucket, key, initiatedMs, headers, checksum }) {
      const { algorithm = null, type = null } = checksum ?? {};
      insert.run(id, bucket, key, initiatedMs, JSON.stringify(headers), algorithm, type);
    },

    require(bucket, key, id) {
      const row = select.get(id, bucket, key);
      if (row === undefined) throw new S3Error('NoSuchUpload', undefined, { UploadId: id });
      return uploadFromRow(row);
    },

    *scan(bucket, prefix, after) {
      for (const row of scanFrom.iterate(bucket, prefix, after.key, after.id)) {
        const upload = uploadFromRow(row);
        if (!upload.key.startsWith(prefix)) return;
        yield upload;
      }
    },

    putPart(id, { number, etag, size, modifiedMs, checksum, blob }) {
      const old = selectPart.get(id, number);
      upsertPart.run(id, number, etag, size, modifiedMs, checksum ?? null, blob);
      return old === undefined ? [] : [{ blob: String(old['blob']), size: Number(old['size']) }];
    },

    parts: (id, afterNumber) => selectParts.all(id, afterNumber).map(partFromRow),

    delete(id) {
      remove.run(id);
    },
  };
}

function uploadFromRow(row: Record<string, SQLOutputValue>): MultipartUpload {
  const algorithm = checksumAlgorithmFromName(String(row['checksum_algorithm']));
  return {
    id: String(row['id']),
    bucket: String(row['bucket']),
    key: String(row['key']),
    initiatedMs: Number(row['initiated_ms']),
    headers: JSON.parse(String(row['headers'])),
    ...(algorithm !== undefined && {
      checksum: { algorithm, type: row['checksum_type'] === 'COMPOSITE' ? 'COMPOSITE' : 'FULL_OBJECT' },
    }),
  };
}

function partFromRow(row: Record<string, SQLOutputValue>): Part {
  return {
    number: Number(row['number']),
    etag: String(row['etag']),
    size: Number(row['size']),
    modifiedMs: Number(row['modified_ms']),
    ...(row['checksum'] !== null && { checksum: String(row['checksum']) }),
    blob: String(row['blob']),
  };
}

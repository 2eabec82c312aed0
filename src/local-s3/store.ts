import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { type Blobs, openBlobs, type Segment } from './blobs.ts';
import { inTransaction, openCatalog, referencedBlobs } from './catalog.ts';
import { createObjectCatalog, type ObjectCatalog } from './object-catalog.ts';
import { createUploadCatalog, type UploadCatalog } from './upload-catalog.ts';

/** Objects on disk. What the catalog does not name does not exist, however much of it is on disk. */
export interface Store {
  readonly objects: ObjectCatalog;
  readonly uploads: UploadCatalog;
  readonly blobs: Blobs;
  /**
   * Changes the catalog wholly or not at all, and deletes the blobs of the segments that `change` returns. When it
   * throws, the segments in `incoming` are deleted instead: the blobs received for a change that did not come to be.
   */
  commit(incoming: readonly Segment[], change: () => readonly Segment[]): Promise<void>;
  close(): void;
}

/**
 * Opens the objects under `root`, and clears away what an earlier crash left half done.
 * @throws Error when another process has them open.
 */
export async function openStore(root: string): Promise<Store> {
  await mkdir(root, { recursive: true, mode: 0o700 });
  const db = openCatalog(path.join(root, 'catalog.db'));
  try {
    const blobs = await openBlobs(path.join(root, 'blobs'), referencedBlobs(db), randomUUID);
    return {
      objects: createObjectCatalog(db),
      uploads: createUploadCatalog(db),
      blobs,
      async commit(incoming, change) {
        let freed: readonly Segment[];
        try {
          freed = inTransaction(db, change);
        } catch (error) {
          await blobs.remove(incoming);
          throw error;
        }
        await blobs.remove(freed);
      },
      close: () => db.close(),
    };
  } catch (error) {
    db.close();
    throw error;
  }
}

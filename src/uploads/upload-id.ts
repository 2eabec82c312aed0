import type { Sealer } from '../seal/sealer.ts';
import type { TrackedUpload } from './tracked-upload.ts';
import { decodeUpload, encodeUpload } from './upload-id-codec.ts';

/** The longest upload id, in characters: it has to fit into the path of a URL (the contract's `upload_id`). */
export const UPLOAD_ID_MAX_LENGTH = 1024;

/** Makes and reads upload ids. They are URL-safe, and who holds one learns nothing from it. */
export interface UploadIds {
  /** The same id for the same upload; undefined where it would be longer than 1024 characters. */
  issue(upload: TrackedUpload, owner: string): string | undefined;
  /** The upload, also where it has expired; undefined for an id of another owner, and for anything that is no id. */
  read(id: string, owner: string): TrackedUpload | undefined;
}

/** The owner is not in the ids: it is what they are sealed for. */
export function createUploadIds(sealer: Sealer): UploadIds {
  function idOf(encoded: Uint8Array, owner: string): string | undefined {
    // A sealer throws for payloads that are far too long.
    if (encoded.length > UPLOAD_ID_MAX_LENGTH) return undefined;
    const id = sealer.seal(encoded, owner);
    return id.length <= UPLOAD_ID_MAX_LENGTH ? id : undefined;
  }

  return {
    issue: (upload, owner) =>
      idOf(encodeUpload(upload, false), owner) ?? idOf(encodeUpload(upload, true), owner),
    read(id, owner) {
      if (id.length > UPLOAD_ID_MAX_LENGTH) return undefined;
      const encoded = sealer.open(id, owner);
      return encoded === undefined ? undefined : decodeUpload(encoded);
    },
  };
}

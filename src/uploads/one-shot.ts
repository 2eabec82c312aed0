// Uploads that never overwrite: S3 takes them only while there is no object with the key (RFC 9110 §13.1.2). Pure.
import type { KeyPolicy } from '../keys/api-key.ts';
import type { UploadOptions } from './upload.ts';

/** Whether the upload must not overwrite: because the request says so, or a policy that it is under. */
export function isOneShot(
  options: UploadOptions | undefined,
  policies: readonly (KeyPolicy | null)[],
): boolean {
  return options?.overwrite === 'never' || policies.some((policy) => policy?.allowOverwrite === false);
}

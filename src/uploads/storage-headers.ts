// How S3 stores an object: encryption, storage class, access.
import { blame, type HeaderDraft } from './header-draft.ts';
import { isHeaderValue } from './header-value.ts';
import type { Encryption } from './upload.ts';

const ENCRYPTION = 'x-amz-server-side-encryption';
const KMS_KEY_ID_MAX_LENGTH = 512;

/** The header's value for each type of encryption that a URL can be signed for. */
const ENCRYPTION_TYPES: ReadonlyMap<string, string> = new Map([
  ['s3', 'AES256'],
  ['kms', 'aws:kms'],
]);

/**
 * The storage classes that a PUT into a bucket of a region can name (AWS "PutObject"). Those of Outposts, Snow, FSx and
 * directory buckets are the only class of their place and are named by nobody.
 */
export const STORAGE_CLASSES = [
  'STANDARD',
  'REDUCED_REDUNDANCY',
  'STANDARD_IA',
  'ONEZONE_IA',
  'INTELLIGENT_TIERING',
  'GLACIER_IR',
  'GLACIER',
  'DEEP_ARCHIVE',
] as const;

export function draftEncryption({ type, kmsKeyId }: Encryption, draft: HeaderDraft): void {
  const value = ENCRYPTION_TYPES.get(type);
  if (value === undefined) {
    blame(
      draft,
      'encryption.type',
      type === 'customer'
        ? 'must be s3 or kms: with a key of the customer (SSE-C) the key itself would travel with every upload and every read, and whoever loses it loses the file'
        : 'must be s3 or kms',
    );
    return;
  }
  draft.headers[ENCRYPTION] = value;
  if (kmsKeyId === undefined) return;
  if (type !== 'kms') blame(draft, 'encryption.kmsKeyId', 'goes only with the type kms');
  else if (!isHeaderValue(kmsKeyId) || kmsKeyId.length > KMS_KEY_ID_MAX_LENGTH)
    blame(draft, 'encryption.kmsKeyId', `must be 1 to ${KMS_KEY_ID_MAX_LENGTH} visible ASCII characters`);
  else draft.headers[`${ENCRYPTION}-aws-kms-key-id`] = kmsKeyId;
}

export function draftStorageClass(storageClass: string, draft: HeaderDraft): void {
  if (STORAGE_CLASSES.some((known) => known === storageClass))
    draft.headers['x-amz-storage-class'] = storageClass;
  else blame(draft, 'storageClass', `must be one of ${STORAGE_CLASSES.join(', ')}`);
}

/** @param allowed The canned ACLs that the operator allows. */
export function draftAcl(acl: string, allowed: readonly string[], draft: HeaderDraft): void {
  if (allowed.includes(acl)) draft.headers['x-amz-acl'] = acl;
  else if (allowed.length === 0) blame(draft, 'acl', 'must be left out: this server allows no ACL');
  else blame(draft, 'acl', `must be one of those that this server allows: ${allowed.join(', ')}`);
}

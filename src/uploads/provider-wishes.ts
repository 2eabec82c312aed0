// What a provider cannot keep of a request. Pure: nothing is dropped in silence, so each wish is named, and why.
import type { FieldViolation } from '../fault/fault.ts';
import type { MultipartChecksum } from './plan.ts';
import type { ProviderCapabilities, ProviderLimit } from './providers.ts';
import type { UploadOptions } from './upload.ts';

/** A family of headers that S3's own must not stand beside: Google takes one or the other in a request. */
const FOREIGN_CONDITION = /^x-goog-/;

/** The wish may come from the policy of a key, which the caller cannot leave out. */
const NOT_NEVER = 'must not be never, whether the request or the policy of the key says so';

/** The wishes that the provider cannot keep, whatever the kind of upload. */
export function refusedWishes(
  options: UploadOptions | undefined,
  provider: ProviderCapabilities,
): FieldViolation[] {
  if (options === undefined) return [];
  const { checksum, overwrite, tags, encryption, storageClass, acl } = options;
  const fields: FieldViolation[] = [];
  const refuse = (field: string, lack: string, limit: ProviderLimit, must?: string) =>
    void fields.push({ field, message: lacking(provider, lack, limit, must) });
  const algorithm = checksum?.kept?.algorithm;
  if (algorithm !== undefined && !provider.checksums.includes(algorithm))
    refuse(`checksum.${algorithm}`, `keeps no ${algorithm}`, 'checksums');
  if (overwrite === 'never' && provider.oneShotPut === null)
    refuse('overwrite', 'has no upload that never overwrites', 'oneShotPut', NOT_NEVER);
  if (tags !== undefined && Object.keys(tags).length > 0 && !provider.tags)
    refuse('tags', 'keeps no tags', 'tags');
  if (encryption?.type === 's3' && !provider.sseS3)
    refuse('encryption.type', 'cannot be asked to encrypt with keys of S3', 'sseS3');
  if (encryption?.type === 'kms' && !provider.sseKms)
    refuse('encryption.type', 'cannot encrypt with keys of AWS KMS', 'sseKms');
  if (storageClass !== undefined && !(provider.storageClasses?.includes(storageClass) ?? true))
    refuse('storageClass', `does not have the class ${storageClass}`, 'storageClasses');
  if (acl !== undefined && !provider.acl) refuse('acl', 'keeps no ACLs of objects', 'acl');
  return [...fields, ...besideForeignCondition(options, provider)];
}

/** The checksum of a multipart upload that the provider cannot keep, by the field that wishes for it. */
export function refusedMultipartChecksum(
  { algorithm, type }: MultipartChecksum,
  provider: ProviderCapabilities,
): FieldViolation | undefined {
  const [field, kept, limit] =
    type === 'composite'
      ? (['partChecksum', provider.checksums, 'checksums'] as const)
      : ([`checksum.${algorithm}`, provider.fullObjectChecksums, 'fullObjectChecksums'] as const);
  if (kept.includes(algorithm)) return undefined;
  const what = type === 'composite' ? 'of parts' : 'of a whole file that comes in parts';
  return { field, message: lacking(provider, `keeps no ${algorithm} ${what}`, limit) };
}

/** Google refuses a request with headers of both families, and its condition is of its own. */
function besideForeignCondition(
  { overwrite, metadata, storageClass }: UploadOptions,
  { title, oneShotPut }: ProviderCapabilities,
): FieldViolation[] {
  if (overwrite !== 'never' || oneShotPut === null || !FOREIGN_CONDITION.test(oneShotPut.header)) return [];
  const wishes = {
    metadata: Object.keys(metadata ?? {}).length > 0,
    storageClass: storageClass !== undefined,
  };
  return Object.entries(wishes)
    .filter(([, wished]) => wished)
    .map(([field]) => ({
      field,
      message: `must be left out beside overwrite never: ${title} takes no x-amz headers beside ${oneShotPut.header}`,
    }));
}

function lacking(
  { title, because }: ProviderCapabilities,
  lack: string,
  limit: ProviderLimit,
  must = 'must be left out',
): string {
  const why = because[limit];
  return `${must}: ${title} ${lack}${why === undefined ? '' : `, as it ${why}`}`;
}

// Judges who else can get at the bucket, and how it keeps what it has. Pure.
import type { DestinationSettings } from '../config/destinations.ts';
import { PROVIDER_CAPABILITIES } from '../uploads/providers.ts';
import { type Finding, ok, problem, skipped, warning } from './finding.ts';
import type { HttpAnswer, HttpOutcome } from './http-probe.ts';
import { awsCommand } from './remedies.ts';
import { isListing } from './s3-answer.ts';
import { type Asked, isLacking, refusalText } from './s3-refusal.ts';

/** @param anonymous The answer to a list that was asked for without credentials. */
export function judgePublicList(spec: DestinationSettings, anonymous: HttpAnswer): Finding {
  if (!isListing(anonymous)) return ok('public-list', `without credentials: ${anonymous.status}`);
  return warning(
    'public-list',
    `anybody can list ${spec.bucket}`,
    `Take s3:ListBucket for "*" out of: ${awsCommand(spec, 'get-bucket-policy')}`,
  );
}

/**
 * @param isPublic Whether the bucket's policy is a public one, by S3's own judgement: MinIO only calls it so where
 * anybody may also write.
 * @param read An object that was read without a signature, where that was tried.
 */
export function judgePublicRead(
  spec: DestinationSettings,
  isPublic: Asked<boolean | undefined>,
  read: HttpOutcome | undefined,
): Finding {
  const { bucket, publicBaseUrl } = spec;
  const tried = read !== undefined && 'answer' in read ? read.answer.status : undefined;
  if (tried !== 200 && !('value' in isPublic && isPublic.value === true)) {
    if (tried !== undefined) return ok('public-read', `an object, without a signature: ${tried}`);
    if ('value' in isPublic || isPublic.refusal.code === 'NoSuchBucketPolicy')
      return ok('public-read', `S3 does not call ${bucket} public; --write tries`);
    return skipped('public-read', `S3 does not tell (${refusalText(isPublic.refusal)}); --write tries`);
  }
  const seen = tried === 200 ? 'anybody can read objects' : `S3 calls the policy of ${bucket} a public one`;
  if (publicBaseUrl !== undefined) return ok('public-read', `${seen}, as the public base URL has it`);
  return warning(
    'public-read',
    `${seen}, and no public base URL says that they are meant to`,
    `If they are, set it. Else: ${awsCommand(spec, 'delete-bucket-policy')}`,
  );
}

/** @param algorithms By which the bucket encrypts what does not ask for any. */
export function judgeEncryption(spec: DestinationSettings, algorithms: Asked<readonly string[]>): Finding {
  const { sseS3, title, because } = PROVIDER_CAPABILITIES[spec.provider];
  if ('value' in algorithms && algorithms.value.length > 0)
    return ok('encryption', algorithms.value.join(', '));
  if (!sseS3)
    return skipped('encryption', `not applicable: ${title} ${because.sseS3 ?? 'has no such setting'}`);
  if ('refusal' in algorithms) {
    const { refusal } = algorithms;
    if (isLacking(refusal)) return skipped('encryption', 'not applicable: this server has no such setting');
    if (refusal.code !== 'ServerSideEncryptionConfigurationNotFoundError')
      return skipped('encryption', `S3 does not tell: ${refusalText(refusal)}`);
  }
  const rules = { Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }] };
  return warning(
    'encryption',
    `${spec.bucket} does not encrypt by default`,
    `${awsCommand(spec, 'put-bucket-encryption')} --server-side-encryption-configuration '${JSON.stringify(rules)}'`,
  );
}

/** What the object key and a made-up content come to below the public base URL. */
export function judgePublicUrl(
  { name, publicBaseUrl }: DestinationSettings,
  outcome: HttpOutcome,
  expected: string | undefined,
): Finding {
  const base = publicBaseUrl ?? '';
  const fix = `Set ${name === 'default' ? 'PRESIGND_PUBLIC_BASE_URL' : `PRESIGND_DESTINATIONS.${name}.publicBaseUrl`} to where the objects of the bucket are served, with whatever stands in front of an object key.`;
  if ('failure' in outcome)
    return problem('public-url', `${base} cannot be reached: ${outcome.failure.text}`, fix);
  const { status, body } = outcome.answer;
  if (expected === undefined) return judgeMissingObject(base, status, fix);
  if (status === 200 && body === expected)
    return ok('public-url', `${base} serves what was uploaded, byte by byte`);
  if (status === 200)
    return problem('public-url', `${base} serves something else than what was uploaded`, fix);
  return problem('public-url', `${base} answers ${status} for what was uploaded`, fix);
}

/** Without an upload, all that can be asked for is an object that is not there. */
function judgeMissingObject(base: string, status: number, fix: string): Finding {
  if (status >= 500) return problem('public-url', `${base} answers ${status}`, fix);
  if (status >= 300 && status < 400)
    return warning('public-url', `${base} redirects (${status}): publicUrl leads there in two steps`, fix);
  if (status < 300)
    return warning(
      'public-url',
      `${base} answers ${status} for an object that is not there, so it serves something else`,
      fix,
    );
  return ok(
    'public-url',
    `${base} answers (${status} for an object that is not there); --write compares bytes`,
  );
}

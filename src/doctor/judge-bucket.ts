// Judges what S3 tells the service's own credentials about the bucket. Pure.
import type { DestinationSettings } from '../config/destinations.ts';
import { type Finding, ok, problem, skipped, warning } from './finding.ts';
import { awsCommand, type LifecycleRule, lifecycleRemedy } from './remedies.ts';
import { type Asked, isLacking, type Refusal, refusalText } from './s3-refusal.ts';
import { settingLine } from './setting-names.ts';

const DAY_MS = 86_400_000;

/** What S3 answers to keys that it does not know or take. */
const KEY_CODES: ReadonlySet<string> = new Set([
  'ExpiredToken',
  'InvalidAccessKeyId',
  'InvalidToken',
  'SignatureDoesNotMatch',
]);

export function isRefusedKey(asked: Asked<unknown>): asked is { readonly refusal: Refusal } {
  return 'refusal' in asked && KEY_CODES.has(asked.refusal.code);
}

/** @param listing The bucket's own name, as a list of it has that. */
export function judgeBucket(spec: DestinationSettings, listing: Asked<string | undefined>): Finding {
  const { bucket, name } = spec;
  if ('value' in listing && listing.value !== undefined) return ok('bucket', `${bucket} can be listed`);
  if ('value' in listing)
    return problem(
      'bucket',
      `asked for a list of ${bucket}, S3 answers with another one: it does not look for the bucket in the host name`,
      settingLine(name, 'forcePathStyle', true),
    );
  const { status, code } = listing.refusal;
  if (code === 'NoSuchBucket' || status === 404)
    return problem('bucket', `there is no bucket ${bucket}`, awsCommand(spec, 'create-bucket'));
  if (status === 403)
    return warning(
      'bucket',
      `these credentials may not list ${bucket} (${code})`,
      `Give them s3:ListBucket on arn:aws:s3:::${bucket}, and s3:PutObject, s3:GetObject, s3:AbortMultipartUpload and s3:ListMultipartUploadParts on arn:aws:s3:::${bucket}/*.`,
    );
  return problem('bucket', `${bucket} cannot be listed: ${refusalText(listing.refusal)}`);
}

/** Servers that end forgotten uploads by themselves, and take no rule for it. */
const BY_THEMSELVES = {
  minio:
    'MinIO takes no such rule and ends them by itself, after MINIO_API_STALE_UPLOADS_EXPIRY (24h unless set), whatever PRESIGND_UPLOAD_TTL says',
  r2: 'R2 ends them after 7 days by itself',
} as const;

/** @param byItself Whose S3 it is, where that is one that needs no rule. */
export function judgeLifecycle(
  spec: DestinationSettings,
  asked: Asked<readonly LifecycleRule[]>,
  uploadTtlMs: number,
  byItself: string,
): Finding {
  if (byItself === 'minio' || byItself === 'r2')
    return skipped('lifecycle', `not applicable: ${BY_THEMSELVES[byItself]}`);
  const rules = rulesOf(asked);
  if (rules === undefined && 'refusal' in asked) {
    return isLacking(asked.refusal)
      ? skipped('lifecycle', 'not applicable: this server has no lifecycle of buckets')
      : skipped('lifecycle', `S3 does not tell the rules: ${refusalText(asked.refusal)}`);
  }
  return judgeRules(spec, rules ?? [], uploadTtlMs);
}

/** The rules that there are: none is an answer, too. Undefined where they are not known. */
export function rulesOf<Rule>(asked: Asked<readonly Rule[]>): readonly Rule[] | undefined {
  if ('value' in asked) return asked.value;
  return /^NoSuch(?:Lifecycle|CORS)Configuration$/.test(asked.refusal.code) ? [] : undefined;
}

/** The days for which an upload id lives, which S3 must not undercut. */
export function uploadLifeDays(uploadTtlMs: number): number {
  return Math.max(1, Math.ceil(uploadTtlMs / DAY_MS));
}

function judgeRules(
  spec: DestinationSettings,
  rules: readonly LifecycleRule[],
  uploadTtlMs: number,
): Finding {
  const lifeDays = uploadLifeDays(uploadTtlMs);
  const early = rules.find(
    (rule) => endsUploads(rule) && meets(rule, spec.keyPrefix) && daysOf(rule) < lifeDays,
  );
  if (early !== undefined)
    return warning(
      'lifecycle',
      `the rule "${early.ID ?? ''}" ends uploads after ${daysOf(early)} days, and upload ids live for ${lifeDays}`,
      `PRESIGND_UPLOAD_TTL=${daysOf(early)}d`,
    );
  const covering = coveringRules(rules, spec.keyPrefix);
  if (covering.length > 0)
    return ok('lifecycle', `unended uploads end after ${Math.min(...covering.map(daysOf))} days`);
  return warning(
    'lifecycle',
    `no rule ends multipart uploads that nobody completes`,
    lifecycleRemedy(spec, lifeDays, rules),
  );
}

/** Those that end the uploads of every key that begins with the prefix. */
export function coveringRules<Rule extends LifecycleRule>(
  rules: readonly Rule[],
  prefix: string,
): readonly Rule[] {
  return rules.filter((rule) => endsUploads(rule) && prefix.startsWith(prefixOf(rule)));
}

function endsUploads(rule: LifecycleRule): boolean {
  return rule.Status === 'Enabled' && daysOf(rule) > 0;
}

function daysOf({ AbortIncompleteMultipartUpload: abort }: LifecycleRule): number {
  return abort?.DaysAfterInitiation ?? 0;
}

/** Whether the rule is about some of the keys that begin with the prefix. */
function meets(rule: LifecycleRule, prefix: string): boolean {
  return prefix.startsWith(prefixOf(rule)) || prefixOf(rule).startsWith(prefix);
}

function prefixOf({ Filter, Prefix }: LifecycleRule): string {
  return Filter?.Prefix ?? Prefix ?? '';
}

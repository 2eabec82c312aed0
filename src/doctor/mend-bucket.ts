// Adds the rules that a bucket lacks to those that it has. Drops none.
import type { CORSRule } from '@aws-sdk/client-s3';
import type { StorageClient } from '../s3/storage-client.ts';
import type { CheckId } from './checks.ts';
import { type CorsRule, hasCorsRule, withCorsRule } from './cors-rule.ts';
import { coveringRules } from './judge-bucket.ts';
import { withAbortRule } from './remedies.ts';
import { askS3 } from './s3-question.ts';
import { type Asked, isLacking, refusalText } from './s3-refusal.ts';

/** What was changed, or why it was not. */
export interface Change {
  readonly id: CheckId;
  readonly made: boolean;
  /** The whole configuration that was put, or why none was. */
  readonly what: string;
}

/** Puts the rule in front of the CORS rules that there are. Never rejects. */
export async function mendCors(storage: StorageClient, Bucket: string, rule: CorsRule): Promise<Change> {
  const present = await askS3(storage, async (sdk, client, limits) => {
    const answer = await client.send(new sdk.GetBucketCorsCommand({ Bucket }), limits);
    return answer.CORSRules ?? [];
  });
  const rules = presentOr('NoSuchCORSConfiguration', present);
  if ('why' in rules) return unmade('cors-origin', rules.why);
  if (hasCorsRule(rules.present, rule))
    return unmade('cors-origin', 'the bucket has such a rule: what stands in front of S3 takes it away');
  const [first, ...others] = withCorsRule(rules.present, rule);
  const CORSRules = [mutable(first), ...others];
  const put = await askS3(storage, (sdk, client, limits) =>
    client.send(new sdk.PutBucketCorsCommand({ Bucket, CORSConfiguration: { CORSRules } }), limits),
  );
  return changeFrom('cors-origin', put, { CORSRules });
}

/** Puts a rule that ends uploads behind those of the lifecycle that there are. Never rejects. */
export async function mendLifecycle(
  storage: StorageClient,
  Bucket: string,
  { keyPrefix, days }: { readonly keyPrefix: string; readonly days: number },
): Promise<Change> {
  const present = await askS3(storage, (sdk, client, limits) =>
    client.send(new sdk.GetBucketLifecycleConfigurationCommand({ Bucket }), limits),
  );
  const found = presentOr(
    'NoSuchLifecycleConfiguration',
    'value' in present ? { value: [present.value] } : present,
  );
  if ('why' in found) return unmade('lifecycle', found.why);
  const [configuration] = found.present;
  if (coveringRules(configuration?.Rules ?? [], keyPrefix).length > 0)
    return unmade('lifecycle', 'the bucket has such a rule');
  const Rules = withAbortRule(configuration?.Rules ?? [], days);
  const put = await askS3(storage, (sdk, client, limits) =>
    client.send(
      new sdk.PutBucketLifecycleConfigurationCommand({
        Bucket,
        LifecycleConfiguration: { Rules },
        // Left out, S3 would set it back to its default.
        ...(configuration?.TransitionDefaultMinimumObjectSize !== undefined && {
          TransitionDefaultMinimumObjectSize: configuration.TransitionDefaultMinimumObjectSize,
        }),
      }),
      limits,
    ),
  );
  return changeFrom('lifecycle', put, { Rules });
}

/** What there is; nothing where S3 says with that code that there is nothing. Any other refusal hides rules. */
function presentOr<Rule>(
  none: string,
  asked: Asked<readonly Rule[]>,
): { readonly present: readonly Rule[] } | { readonly why: string } {
  if ('value' in asked) return { present: asked.value };
  const { refusal } = asked;
  if (refusal.code === none) return { present: [] };
  return {
    why: isLacking(refusal)
      ? 'this server does not have the call'
      : `the rules that there are cannot be read, and would be lost: ${refusalText(refusal)}`,
  };
}

function changeFrom(id: CheckId, put: Asked<unknown>, value: unknown): Change {
  if ('value' in put) return { id, made: true, what: JSON.stringify(value) };
  return unmade(
    id,
    isLacking(put.refusal) ? 'this server does not have the call' : `S3 refused: ${refusalText(put.refusal)}`,
  );
}

function unmade(id: CheckId, what: string): Change {
  return { id, made: false, what };
}

function mutable({
  AllowedOrigins,
  AllowedMethods,
  AllowedHeaders,
  ExposeHeaders,
  ...rest
}: CorsRule): CORSRule {
  return {
    ...rest,
    AllowedOrigins: [...AllowedOrigins],
    AllowedMethods: [...AllowedMethods],
    AllowedHeaders: [...AllowedHeaders],
    ExposeHeaders: [...ExposeHeaders],
  };
}

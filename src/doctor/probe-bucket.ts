// Asks S3 for the settings of a bucket, with the service's own credentials. Changes nothing.
import type { StorageClient } from '../s3/storage-client.ts';
import type { PresentCorsRule } from './cors-rule.ts';
import type { LifecycleRule } from './remedies.ts';
import { askS3 } from './s3-question.ts';
import type { Asked } from './s3-refusal.ts';

export interface BucketObservation {
  readonly lifecycle: Asked<readonly LifecycleRule[]>;
  readonly cors: Asked<readonly PresentCorsRule[]>;
  /** Whether the policy makes it public. */
  readonly isPublic: Asked<boolean | undefined>;
  /** By which it encrypts what asks for no encryption. */
  readonly encryption: Asked<readonly string[]>;
}

/** As little of the bucket as a list can show: its own name, if it is the list of a bucket. */
export function listBucket(
  storage: StorageClient,
  Bucket: string,
  Prefix: string,
): Promise<Asked<string | undefined>> {
  return askS3(storage, async (sdk, client, limits) => {
    const answer = await client.send(new sdk.ListObjectsV2Command({ Bucket, Prefix, MaxKeys: 1 }), limits);
    return answer.Name;
  });
}

export async function probeBucket(storage: StorageClient, Bucket: string): Promise<BucketObservation> {
  const [lifecycle, cors, isPublic, encryption] = await Promise.all([
    askS3(storage, async (sdk, client, limits) => {
      const answer = await client.send(new sdk.GetBucketLifecycleConfigurationCommand({ Bucket }), limits);
      return answer.Rules ?? [];
    }),
    askS3(storage, async (sdk, client, limits) => {
      const answer = await client.send(new sdk.GetBucketCorsCommand({ Bucket }), limits);
      return answer.CORSRules ?? [];
    }),
    askS3(storage, async (sdk, client, limits) => {
      const answer = await client.send(new sdk.GetBucketPolicyStatusCommand({ Bucket }), limits);
      return answer.PolicyStatus?.IsPublic;
    }),
    askS3(storage, async (sdk, client, limits) => {
      const answer = await client.send(new sdk.GetBucketEncryptionCommand({ Bucket }), limits);
      const rules = answer.ServerSideEncryptionConfiguration?.Rules ?? [];
      return rules.flatMap((rule) => rule.ApplyServerSideEncryptionByDefault?.SSEAlgorithm ?? []);
    }),
  ]);
  return { lifecycle, cors, isPublic, encryption };
}

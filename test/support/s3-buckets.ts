import { CreateBucketCommand, PutBucketPolicyCommand, S3Client } from '@aws-sdk/client-s3';

/** What a client needs to reach an S3 server, as plain data that vitest can hand to a test file. */
export interface S3Access {
  readonly endpoint: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly region: string;
  /** A private bucket. */
  readonly bucket: string;
  /** A bucket whose objects anyone may read. */
  readonly publicBucket: string;
}

/** Makes the two buckets of a server that has none. */
export async function createBuckets(access: S3Access): Promise<void> {
  const client = new S3Client({
    endpoint: access.endpoint,
    region: access.region,
    credentials: access,
    forcePathStyle: true,
  });
  try {
    for (const Bucket of [access.bucket, access.publicBucket])
      await client.send(new CreateBucketCommand({ Bucket }));
    await client.send(
      new PutBucketPolicyCommand({
        Bucket: access.publicBucket,
        Policy: anonymousReadPolicy(access.publicBucket),
      }),
    );
  } finally {
    client.destroy();
  }
}

function anonymousReadPolicy(bucket: string): string {
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { AWS: ['*'] },
        Action: ['s3:GetObject'],
        Resource: [`arn:aws:s3:::${bucket}/*`],
      },
    ],
  });
}

import { expect } from 'vitest';
import { openPresigner, type S3Presigner } from '../../../src/s3/presigner.ts';
import type { S3Subject } from './subject.ts';

/** Our own presigner for the endpoint. It fails the test if the AWS SDK takes over, or credentials fail. */
export function openNativePresigner(subject: S3Subject): Promise<S3Presigner> {
  const { accessKeyId, secretAccessKey, bucket, region, endpoint } = subject;
  return openPresigner({
    bucket,
    region,
    endpoint,
    forcePathStyle: true,
    signer: 'auto',
    credentials: async () => ({ accessKeyId, secretAccessKey }),
    wallClockMs: Date.now,
    onSignerChange: ({ signer }) => expect(signer).toBe('native'),
    onCredentialFailure: (error) => {
      throw error;
    },
  });
}

// Asks S3 with the service's own credentials, and takes a refusal as an answer.
import type { StorageClient } from '../s3/storage-client.ts';
import { failureFrom } from '../s3/storage-failure.ts';
import type { Asked } from './s3-refusal.ts';

/** Never rejects. */
export async function askS3<T>(
  storage: StorageClient,
  question: Parameters<typeof storage.ask<T>>[0],
): Promise<Asked<T>> {
  try {
    return { value: await storage.ask(question) };
  } catch (error) {
    const { status, code } = failureFrom(error);
    const region = error instanceof Error && 'Region' in error ? error.Region : undefined;
    return { refusal: { status, code, region: typeof region === 'string' ? region : undefined } };
  }
}

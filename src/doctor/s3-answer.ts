// What an answer says of the server that gave it. Pure.
import type { Provider } from '../uploads/providers.ts';
import type { HttpAnswer } from './http-probe.ts';

/** Codes are words; whatever else stands in their place is nothing to print. */
const CODE = /<Code>([A-Za-z][\w.-]{0,63})<\/Code>/;
const REGION = /^[a-z0-9-]{1,40}$/i;

/** S3's code of an error, such as `NoSuchBucket`. */
export function errorCodeOf({ body }: HttpAnswer): string | undefined {
  return CODE.exec(body)?.[1];
}

/** S3's sentence about an error. It is one of S3's own, which quotes nothing of the request. */
export function errorMessageOf({ body }: HttpAnswer): string | undefined {
  return /<Message>([^<]{1,120})/.exec(body)?.[1];
}

/** Whether S3 answers so: other servers neither count their requests by this header, nor make these documents. */
export function isFromS3(answer: HttpAnswer): boolean {
  return (
    answer.headers['x-amz-request-id'] !== undefined ||
    /<(?:ListBucketResult|Error)[\s>]/.test(answer.body.slice(0, 1_000))
  );
}

export function isListing({ status, body }: HttpAnswer): boolean {
  return status === 200 && body.includes('<ListBucketResult');
}

/** The bucket's region, where the answer tells it; refusals do, too. */
export function regionOf(answer: HttpAnswer): string | undefined {
  const told =
    answer.headers['x-amz-bucket-region'] ??
    (errorCodeOf(answer) === 'AuthorizationHeaderMalformed'
      ? /<Region>([^<]*)<\/Region>/.exec(answer.body)?.[1]
      : undefined);
  return told !== undefined && REGION.test(told) ? told : undefined;
}

/** How far the server's clock is ahead of this machine's, which is known to the second. */
export function clockAheadMs({ headers, atMs }: HttpAnswer): number | undefined {
  const dateMs = Date.parse(headers['date'] ?? '');
  return Number.isNaN(dateMs) ? undefined : dateMs - Math.floor(atMs / 1000) * 1000;
}

/** Whose S3 it is by the `Server` header, where that leaves no doubt. */
export function providerOf({ headers }: HttpAnswer): Provider | undefined {
  const server = headers['server'] ?? '';
  if (/^MinIO\b/i.test(server)) return 'minio';
  if (/^AmazonS3\b/i.test(server)) return 'aws';
  if (/^WasabiS3\b/i.test(server)) return 'wasabi';
  return headers['x-guploader-uploadid'] === undefined ? undefined : 'gcs';
}

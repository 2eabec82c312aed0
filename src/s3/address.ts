// Where a bucket's objects are. The AWS SDK decides: its endpoint rules know partitions, dotted names, access
// points and directory buckets, and change with AWS.
import type { SigningCredentials } from './credentials.ts';
import type { Destination } from './destination.ts';
import type { Sdk } from './sdk.ts';
import { createSdkFormSigner } from './sdk-form-signer.ts';
import { createSdkUrlSigner } from './sdk-signer.ts';

/** A bucket as its URLs and signatures name it. */
export interface S3Address {
  /** Scheme and authority, such as `https://bucket.s3.us-east-1.amazonaws.com`. */
  readonly origin: string;
  /** The authority alone, as the Host header has it. */
  readonly host: string;
  /** What stands before the key's slash, encoded: empty, `/bucket`, or more under an endpoint with a path. */
  readonly basePath: string;
  readonly region: string;
  readonly service: string;
  readonly bucket: string;
  /** Where forms are posted to. */
  readonly formUrl: string;
}

const MARKER_KEY = 'presignd-address';
const MARKER_CREDENTIALS: SigningCredentials = {
  accessKeyId: 'presignd',
  secretAccessKey: 'presignd',
  sessionToken: undefined,
  expiresAtMs: null,
};

/** Scheme and authority, base path, query of a URL to the marker. */
const MARKER_URL = new RegExp(`^(https?://([^/?#]+))(/[^?#]*)?/${MARKER_KEY}\\?(.*)$`);

/** Access key, day, region, service: the credential parameter of a presigned URL. */
const MARKER_CREDENTIAL = /^presignd\/\d{8}\/([^/]+)\/([^/]+)\/aws4_request$/;

/**
 * The bucket's address, read from a URL that the SDK signs for a marker with worthless credentials. No network.
 * Rejects with an Error when the SDK has no address for the bucket, or one that SigV4 cannot sign for, such as a
 * multi-region access point.
 */
export async function resolveAddress(sdk: Sdk, destination: Destination): Promise<S3Address> {
  const [, origin, host, basePath = '', query] = MARKER_URL.exec(await markerUrl(sdk, destination)) ?? [];
  const credential = MARKER_CREDENTIAL.exec(new URLSearchParams(query).get('X-Amz-Credential') ?? '');
  const [, region, service] = credential ?? [];
  if (origin === undefined || host === undefined || region === undefined || service === undefined) {
    throw noAddress(destination, new Error('a presigned URL of unknown form'));
  }
  const { bucket } = destination;
  const formUrl = await markerFormUrl(sdk, destination, region);
  return { origin, host, basePath, region, service, bucket, formUrl };
}

async function markerUrl(sdk: Sdk, destination: Destination): Promise<string> {
  const { put } = createSdkUrlSigner(sdk, destination, MARKER_CREDENTIALS);
  const headers = { 'content-length': '0', 'content-type': 'application/octet-stream' };
  try {
    return await put({ objectKey: MARKER_KEY, headers }, 0, 1);
  } catch (cause) {
    throw noAddress(destination, cause);
  }
}

async function markerFormUrl(sdk: Sdk, destination: Destination, signingRegion: string): Promise<string> {
  const sign = createSdkFormSigner(sdk, destination, signingRegion, MARKER_CREDENTIALS);
  const size = { minSizeBytes: 0, maxSizeBytes: 0 };
  const form = { objectKey: MARKER_KEY, fields: {}, contentTypePrefix: undefined, ...size };
  return (await sign(form, 0, 1)).url;
}

function noAddress({ bucket, region }: Destination, cause: unknown): Error {
  const what = cause instanceof Error ? cause.message : 'unknown error';
  return new Error(`no address that can be signed for bucket ${bucket} in region ${region}: ${what}`, {
    cause,
  });
}

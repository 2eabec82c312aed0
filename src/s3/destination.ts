import { type Sdk, SIGNING_CLIENT } from './sdk.ts';

/** A bucket, and how to find it. */
export interface Destination {
  readonly bucket: string;
  readonly region: string;
  /** Endpoint that uploading clients reach; undefined for the one that the SDK finds for the region. */
  readonly endpoint: string | undefined;
  readonly forcePathStyle: boolean;
}

/** The region that S3-compatible servers without regions answer to. */
const COMPATIBLE_REGION = 'us-east-1';

/**
 * The region to sign for: the given one, else what the AWS SDK finds in the environment and the shared config file,
 * else `us-east-1` if there is an endpoint of an S3-compatible server. Rejects with an Error when there is none.
 */
export async function resolveRegion(
  sdk: Sdk,
  region: string | undefined,
  endpoint: string | undefined,
): Promise<string> {
  if (region !== undefined) return region;
  try {
    return await new sdk.S3Client(SIGNING_CLIENT).config.region();
  } catch (cause) {
    if (endpoint !== undefined) return COMPATIBLE_REGION;
    throw new Error(
      'no region is set: neither PRESIGND_REGION, AWS_REGION nor the shared AWS config has one',
      {
        cause,
      },
    );
  }
}

import type { SigningCredentials } from './credentials.ts';
import type { Destination } from './destination.ts';
import type { PutSigner } from './put-signer.ts';
import { type S3ClientConfig, type Sdk, SIGNING_CLIENT } from './sdk.ts';

/** The SDK leaves this header unsigned unless it is asked to sign it. */
const SIGNABLE_HEADERS: ReadonlySet<string> = new Set(['content-type']);

/**
 * Signs PutObject with the AWS SDK's `S3RequestPresigner`, behind `getSignedUrl`, so that the address, the
 * serialisation and the signature are all the SDK's: the oracle of the native signer and its stand-in.
 */
export function createSdkSigner(
  sdk: Sdk,
  destination: Destination,
  credentials: SigningCredentials,
): PutSigner {
  const client = new sdk.S3Client(clientConfig(destination, credentials));
  return ({ objectKey, headers }, atMs, expiresSeconds) =>
    sdk.getSignedUrl(
      client,
      new sdk.PutObjectCommand({
        Bucket: destination.bucket,
        Key: objectKey,
        ContentType: headers['content-type'],
        ContentLength: Number(headers['content-length']),
        IfNoneMatch: headers['if-none-match'],
      }),
      { signingDate: new Date(atMs), expiresIn: expiresSeconds, signableHeaders: new Set(SIGNABLE_HEADERS) },
    );
}

function clientConfig(
  { region, endpoint, forcePathStyle }: Destination,
  { accessKeyId, secretAccessKey, sessionToken }: SigningCredentials,
): S3ClientConfig {
  return {
    ...SIGNING_CLIENT,
    region,
    forcePathStyle,
    credentials: { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) },
    ...(endpoint === undefined ? {} : { endpoint }),
  };
}

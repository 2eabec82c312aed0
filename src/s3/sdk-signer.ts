import type { SigningCredentials } from './credentials.ts';
import type { Destination } from './destination.ts';
import { putObjectInput } from './put-input.ts';
import type { PutSigner } from './put-signer.ts';
import { type S3ClientConfig, type Sdk, SIGNING_CLIENT } from './sdk.ts';

/** The SDK leaves these headers unsigned unless it is asked to sign them. */
const SIGNABLE_HEADERS: ReadonlySet<string> = new Set(['content-type', 'cache-control']);

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
  return (request, atMs, expiresSeconds) =>
    sdk.getSignedUrl(client, new sdk.PutObjectCommand(putObjectInput(destination.bucket, request)), {
      signingDate: new Date(atMs),
      expiresIn: expiresSeconds,
      signableHeaders: new Set(SIGNABLE_HEADERS),
      // Moved into the query, S3 would not hold the upload to them: checksums and tags are ignored there.
      unhoistableHeaders: new Set(Object.keys(request.headers).filter((name) => name.startsWith('x-amz-'))),
    });
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

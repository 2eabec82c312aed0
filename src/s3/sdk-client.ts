import type { SigningCredentials } from './credentials.ts';
import type { Destination } from './destination.ts';
import { type S3Client, type Sdk, SIGNING_CLIENT } from './sdk.ts';

/** An SDK client that signs for the destination with these credentials. */
export function createSigningClient(
  sdk: Sdk,
  { region, endpoint, forcePathStyle }: Destination,
  { accessKeyId, secretAccessKey, sessionToken }: SigningCredentials,
): S3Client {
  return new sdk.S3Client({
    ...SIGNING_CLIENT,
    region,
    forcePathStyle,
    credentials: { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) },
    ...(endpoint === undefined ? {} : { endpoint }),
  });
}

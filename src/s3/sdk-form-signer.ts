import type { SigningCredentials } from './credentials.ts';
import type { Destination } from './destination.ts';
import { formConditions } from './form-policy.ts';
import type { Sdk } from './sdk.ts';
import { createSigningClient } from './sdk-client.ts';
import type { FormSigner } from './signer.ts';

/** In the middle of its second, the SDK's own clock does not leave it before the SDK has read it. */
const MID_SECOND_MS = 500;

/**
 * Signs POST policies with the AWS SDK's `createPresignedPost`, for the region that URLs are signed for. Left alone it
 * signs for the name of the client's region, which for a name such as `aws-global` is none that S3 knows.
 */
export function createSdkFormSigner(
  sdk: Sdk,
  destination: Destination,
  signingRegion: string,
  credentials: SigningCredentials,
): FormSigner {
  const client = createSigningClient(sdk, destination, credentials);
  client.config.region = async () => signingRegion;
  return async (request, atMs, expiresSeconds) => {
    const conditions = formConditions(request);
    // The SDK takes no date. It reads its offset and the clock at once, before it waits for anything.
    client.config.systemClockOffset = atMs + MID_SECOND_MS - Date.now();
    return sdk.createPresignedPost(client, {
      Bucket: destination.bucket,
      Key: request.objectKey,
      Fields: { ...request.fields },
      Conditions: conditions,
      Expires: expiresSeconds,
    });
  };
}

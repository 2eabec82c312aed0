// Opens what it takes to ask about one destination: its addresses, its credentials, a signer and a client.
import type { DestinationSettings } from '../config/destinations.ts';
import { resolveAddress, type S3Address } from '../s3/address.ts';
import { credentialProviderFor } from '../s3/credential-sources.ts';
import {
  type CredentialProvider,
  defaultCredentialProvider,
  loadCredentials,
  type SigningCredentials,
} from '../s3/credentials.ts';
import { resolveRegion } from '../s3/destination.ts';
import { openPresigner, type S3Presigner } from '../s3/presigner.ts';
import { loadSdk, type Sdk } from '../s3/sdk.ts';
import { createStorageClient, type StorageClient } from '../s3/storage-client.ts';
import type { KnownCredentials } from './judge-credentials.ts';
import { PROBE_LIMITS, within } from './limits.ts';

/** Where a bucket is. */
export interface BucketPlace {
  readonly spec: DestinationSettings;
  /** The region that is signed for. */
  readonly region: string;
  /** As clients reach it. */
  readonly publicAddress: S3Address;
  /** As the service reaches it; the same where there is no endpoint for clients. */
  readonly serverAddress: S3Address;
}

/** What asks about it with credentials. */
export interface BucketAccess extends Disposable {
  readonly known: KnownCredentials;
  readonly presigner: S3Presigner;
  readonly storage: StorageClient;
}

/** Asks nobody. Rejects with an Error when there is no region or address. */
export async function locateBucket(spec: DestinationSettings): Promise<BucketPlace> {
  const { bucket, endpoint, publicEndpoint, forcePathStyle } = spec;
  const sdk = await loadSdk();
  const region = await resolveRegion(sdk, spec.region, publicEndpoint ?? endpoint);
  const addressAt = (at: string | undefined) =>
    resolveAddress(sdk, { bucket, region, endpoint: at, forcePathStyle });
  const serverAddress = await addressAt(endpoint);
  const publicAddress = publicEndpoint === undefined ? serverAddress : await addressAt(publicEndpoint);
  return { spec, region, publicAddress, serverAddress };
}

/** Rejects with an Error that quotes no secret when there are no credentials. */
export async function openBucket(
  { spec, region }: BucketPlace,
  wallClockMs: () => number,
): Promise<BucketAccess> {
  const sdk = await loadSdk();
  const loaded = await within(PROBE_LIMITS.credentialsMs, findCredentials(sdk, spec, region));
  // Those that were found, as sources such as the metadata of a machine take seconds to say no.
  const credentials = async () => identityOf(loaded.credentials);
  const { bucket, endpoint, publicEndpoint, forcePathStyle, publicBaseUrl } = spec;
  const storage = createStorageClient({
    region,
    endpoint,
    forcePathStyle,
    credentials,
    timeoutMs: PROBE_LIMITS.storageMs,
  });
  const [presigner, identity] = await Promise.all([
    openPresigner({
      bucket,
      region,
      endpoint,
      publicEndpoint,
      forcePathStyle,
      publicBaseUrl,
      credentials,
      signer: 'auto',
      wallClockMs,
      onSignerChange: () => {},
      onCredentialFailure: () => {},
    }),
    spec.provider === 'aws' ? callerIdentity(region, credentials) : undefined,
  ]);
  const { accessKeyId, expiresAtMs } = loaded.credentials;
  return {
    known: { accessKeyId, expiresAtMs, source: loaded.source, identity },
    presigner,
    storage,
    [Symbol.dispose]: () => {
      presigner.close();
      storage.close();
    },
  };
}

async function findCredentials(
  sdk: Sdk,
  spec: DestinationSettings,
  region: string,
): Promise<{ readonly credentials: SigningCredentials; readonly source: string | undefined }> {
  const provider = credentialProviderFor(spec.credentials) ?? defaultCredentialProvider(sdk, region);
  let source: string | undefined;
  const credentials = await loadCredentials(async (options) => {
    const identity = await provider(options);
    source = sourceOf(identity);
    return identity;
  });
  return { credentials, source };
}

/** `CREDENTIALS_ENV_VARS` as "env vars": what the SDK notes of where it found them. The first mark is the innermost. */
function sourceOf(identity: object): string | undefined {
  const marks = '$source' in identity && typeof identity.$source === 'object' ? identity.$source : null;
  const [mark] = Object.keys(marks ?? {}).filter((name) => name.startsWith('CREDENTIALS_'));
  return mark?.replace('CREDENTIALS_', '').replaceAll('_', ' ').toLowerCase();
}

function identityOf({ accessKeyId, secretAccessKey, sessionToken, expiresAtMs }: SigningCredentials) {
  return {
    accessKeyId,
    secretAccessKey,
    ...(sessionToken !== undefined && { sessionToken }),
    ...(expiresAtMs !== null && { expiration: new Date(expiresAtMs) }),
  };
}

/** Whose credentials they are, as STS says; undefined where it does not answer. */
async function callerIdentity(region: string, credentials: CredentialProvider): Promise<string | undefined> {
  const { STSClient, GetCallerIdentityCommand } = await import('@aws-sdk/client-sts');
  const client = new STSClient({ region, credentials, maxAttempts: 1 });
  try {
    const { Arn } = await within(PROBE_LIMITS.identityMs, client.send(new GetCallerIdentityCommand({})));
    return Arn;
  } catch {
    return undefined;
  } finally {
    client.destroy();
  }
}

// Signs uploads to one bucket: natively while that is proven right, with the AWS SDK otherwise.
import { Fault } from '../fault/fault.ts';
import type { Presigner, SignedPut } from '../uploads/ports.ts';
import { type PutPlan, URL_TTL_MAX_SECONDS, URL_TTL_MIN_SECONDS } from '../uploads/upload.ts';
import { resolveAddress, type S3Address } from './address.ts';
import {
  areSameKeys,
  type CredentialProvider,
  defaultCredentialProvider,
  loadCredentials,
  type SigningCredentials,
} from './credentials.ts';
import { type Destination, resolveRegion } from './destination.ts';
import { createNativeSigner } from './native-signer.ts';
import { signersAgree } from './proof.ts';
import { createPublicUrl } from './public-url.ts';
import type { PutSigner } from './put-signer.ts';
import { createRenewal } from './renewal.ts';
import { loadSdk, type Sdk } from './sdk.ts';
import { createSdkSigner } from './sdk-signer.ts';

/** Credentials expire by the clock of S3, which may be a little ahead of ours. */
const EXPIRY_MARGIN_MS = 5_000;

/** Who signs, and why: `forced` by a setting, `mismatch` because the native signer failed its proof. */
export type SignerStatus =
  | { readonly signer: 'native'; readonly reason: 'unproven' | 'proven' }
  | { readonly signer: 'sdk'; readonly reason: 'forced' | 'mismatch' };

export interface PresignerOptions {
  readonly bucket: string;
  /** The bucket's region; without it the AWS SDK's providers decide. */
  readonly region?: string | undefined;
  /** Endpoint of an S3-compatible server; without it AWS, or what the AWS SDK's own variables say. */
  readonly endpoint?: string | undefined;
  /** Endpoint as uploading clients reach it. URLs are signed for it, since the host is part of the signature. */
  readonly publicEndpoint?: string | undefined;
  readonly forcePathStyle: boolean;
  /** Base of public URLs; without it the object's own URL. */
  readonly publicBaseUrl?: string | undefined;
  /** `auto` signs natively while a probe matches the AWS SDK; `sdk` never does. */
  readonly signer: 'auto' | 'sdk';
  /** Instead of the AWS SDK's default chain. */
  readonly credentials?: CredentialProvider | undefined;
  readonly wallClockMs: () => number;
  /** Told who signs, at first and whenever that changes. `mismatch` deserves a warning. */
  readonly onSignerChange: (status: SignerStatus) => void;
  /** Told of each failure to get credentials. The error quotes no secret. */
  readonly onCredentialFailure: (error: unknown) => void;
  /** Makes the signer that has to prove itself; for tests of the proof. */
  readonly createNative?: typeof createNativeSigner;
}

export interface S3Presigner extends Presigner {
  status(): SignerStatus;
  /**
   * Answers who signs, for a health report; rejects with a Fault SIGNING_UNAVAILABLE without usable credentials.
   * It asks no S3: signing needs none, and anyone may ask for a health report but not for billed requests.
   */
  check(): Promise<string>;
  close(): void;
}

/** A signer with the credentials that it signs with. */
interface ActiveSigner {
  readonly sign: PutSigner;
  readonly credentials: SigningCredentials;
}

/**
 * Opens a presigner: finds region, address and credentials, and proves the native signer. Rejects with an Error when
 * the destination cannot be used. Missing credentials do not hinder it: they are sought until they come, and until
 * then signing answers SIGNING_UNAVAILABLE.
 */
export async function openPresigner(options: PresignerOptions): Promise<S3Presigner> {
  const { bucket, forcePathStyle, wallClockMs } = options;
  const endpoint = options.publicEndpoint ?? options.endpoint;
  const sdk = await loadSdk();
  const region = await resolveRegion(sdk, options.region, endpoint);
  const destination: Destination = { bucket, region, endpoint, forcePathStyle };
  const address = await resolveAddress(sdk, destination);
  const publicUrl = createPublicUrl(address, options.publicBaseUrl);
  const provider = options.credentials ?? defaultCredentialProvider(sdk, region);
  const choice = createSignerChoice(sdk, destination, address, options);

  let active: ActiveSigner | undefined;
  const renewal = createRenewal<ActiveSigner>({
    load: async () => {
      const credentials = await loadCredentials(provider);
      const known =
        active !== undefined && areSameKeys(active.credentials, credentials) ? active.sign : undefined;
      active = { sign: known ?? (await choice.signerFor(credentials)), credentials };
      return active;
    },
    expiresAtMs: ({ credentials }) => credentials.expiresAtMs,
    wallClockMs,
    onFailure: options.onCredentialFailure,
  });
  await renewal.obtain().catch(() => {});

  return {
    presignPut: (plan, nowMs) => {
      const signer = renewal.current(nowMs);
      return signer === undefined
        ? renewal.obtain().then((late) => signPut(late, plan, wallClockMs()))
        : signPut(signer, plan, nowMs);
    },
    publicUrl,
    status: choice.status,
    check: async () => {
      await renewal.obtain();
      const { signer, reason } = choice.status();
      return `signer ${signer}, ${reason}`;
    },
    close: () => renewal.close(),
  };
}

/** Decides, for each set of credentials, who signs with them. */
function createSignerChoice(
  sdk: Sdk,
  destination: Destination,
  address: S3Address,
  options: PresignerOptions,
) {
  const createNative = options.createNative ?? createNativeSigner;
  let status: SignerStatus =
    options.signer === 'sdk' ? { signer: 'sdk', reason: 'forced' } : { signer: 'native', reason: 'unproven' };
  if (options.signer === 'sdk') options.onSignerChange(status);

  function become(next: SignerStatus): void {
    if (next.reason === status.reason) return;
    status = next;
    options.onSignerChange(next);
  }

  return {
    status: () => status,
    signerFor: async (credentials: SigningCredentials): Promise<PutSigner> => {
      const bySdk = createSdkSigner(sdk, destination, credentials);
      // A native signer that was wrong once is not asked again: the reason is in the code, not in the credentials.
      if (status.signer === 'sdk') return bySdk;
      const native = createNative(address, credentials);
      const isProven = await signersAgree(native, bySdk, options.wallClockMs());
      become(isProven ? { signer: 'native', reason: 'proven' } : { signer: 'sdk', reason: 'mismatch' });
      return isProven ? native : bySdk;
    },
  };
}

function signPut(
  { sign, credentials }: ActiveSigner,
  plan: PutPlan,
  nowMs: number,
): SignedPut | Promise<SignedPut> {
  const { headers } = plan;
  // X-Amz-Date has whole seconds, and the life of the URL counts from there.
  const dateMs = nowMs - (nowMs % 1000);
  const expiresSeconds = clampedTtl(plan.ttlSeconds, credentials.expiresAtMs, dateMs);
  const url = sign({ objectKey: plan.objectKey, headers }, dateMs, expiresSeconds);
  const expiresAtMs = dateMs + expiresSeconds * 1000;
  return typeof url === 'string'
    ? { url, headers, expiresAtMs }
    : url.then((late) => ({ url: late, headers, expiresAtMs }));
}

function clampedTtl(ttlSeconds: number, credentialsExpireAtMs: number | null, dateMs: number): number {
  if (!Number.isInteger(ttlSeconds) || ttlSeconds < URL_TTL_MIN_SECONDS || ttlSeconds > URL_TTL_MAX_SECONDS) {
    throw new Fault('INTERNAL', { cause: new RangeError(`a URL cannot live for ${ttlSeconds} s`) });
  }
  if (credentialsExpireAtMs === null) return ttlSeconds;
  return Math.min(ttlSeconds, Math.floor((credentialsExpireAtMs - EXPIRY_MARGIN_MS - dateMs) / 1000));
}

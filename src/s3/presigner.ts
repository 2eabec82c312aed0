// Signs uploads to one bucket: natively while that is proven right, with the AWS SDK otherwise.
import type { Presigner } from '../uploads/ports.ts';
import { resolveAddress } from './address.ts';
import {
  areSameKeys,
  type CredentialProvider,
  defaultCredentialProvider,
  loadCredentials,
} from './credentials.ts';
import { type Destination, resolveRegion } from './destination.ts';
import { createPublicUrl } from './public-url.ts';
import { createRenewal } from './renewal.ts';
import { loadSdk } from './sdk.ts';
import { type ActiveSigner, signForm, signGet, signParts, signPut } from './sign-plan.ts';
import { createSignerChoice, type SignerChoiceOptions, type SignerStatus } from './signer-choice.ts';

export interface PresignerOptions extends SignerChoiceOptions {
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
  /** Instead of the AWS SDK's default chain. */
  readonly credentials?: CredentialProvider | undefined;
  /** Told of each failure to get credentials. The error quotes no secret. */
  readonly onCredentialFailure: (error: unknown) => void;
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
        active !== undefined && areSameKeys(active.credentials, credentials) ? active.signer : undefined;
      active = { signer: known ?? (await choice.signerFor(credentials)), credentials };
      return active;
    },
    expiresAtMs: ({ credentials }) => credentials.expiresAtMs,
    wallClockMs,
    onFailure: options.onCredentialFailure,
  });
  await renewal.obtain().catch(() => {});

  /** Signs at once while there are credentials, and else when there are. */
  function presigns<Plan, Signed>(
    sign: (signer: ActiveSigner, plan: Plan, nowMs: number) => Signed | Promise<Signed>,
  ): (plan: Plan, nowMs: number) => Signed | Promise<Signed> {
    return (plan, nowMs) => {
      const signer = renewal.current(nowMs);
      return signer === undefined
        ? renewal.obtain().then((late) => sign(late, plan, wallClockMs()))
        : sign(signer, plan, nowMs);
    };
  }

  return {
    presignPut: presigns(signPut),
    presignForm: presigns(signForm),
    presignParts: presigns(signParts),
    presignGet: presigns(signGet),
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

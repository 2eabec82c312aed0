import type { S3Address } from './address.ts';
import type { SigningCredentials } from './credentials.ts';
import type { Destination } from './destination.ts';
import { createNativeSigner } from './native-signer.ts';
import { signersAgree } from './proof.ts';
import type { Sdk } from './sdk.ts';
import { createSdkFormSigner } from './sdk-form-signer.ts';
import { createSdkUrlSigner } from './sdk-signer.ts';
import type { Signer } from './signer.ts';

/** Who signs, and why: `forced` by a setting, `mismatch` because the native signer failed its proof. */
export type SignerStatus =
  | { readonly signer: 'native'; readonly reason: 'unproven' | 'proven' }
  | { readonly signer: 'sdk'; readonly reason: 'forced' | 'mismatch' };

export interface SignerChoiceOptions {
  /** `auto` signs natively while a probe matches the AWS SDK; `sdk` never does. */
  readonly signer: 'auto' | 'sdk';
  readonly wallClockMs: () => number;
  /** Told who signs, at first and whenever that changes. `mismatch` deserves a warning. */
  readonly onSignerChange: (status: SignerStatus) => void;
  /** Makes the signer that has to prove itself; for tests of the proof. */
  readonly createNative?: typeof createNativeSigner;
}

export interface SignerChoice {
  status(): SignerStatus;
  signerFor(credentials: SigningCredentials): Promise<Signer>;
}

/** Decides, for each set of credentials, who signs with them. */
export function createSignerChoice(
  sdk: Sdk,
  destination: Destination,
  address: S3Address,
  options: SignerChoiceOptions,
): SignerChoice {
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
    signerFor: async (credentials) => {
      const bySdk: Signer = {
        ...createSdkUrlSigner(sdk, destination, credentials),
        form: createSdkFormSigner(sdk, destination, address.region, credentials),
      };
      // A native signer that was wrong once is not asked again: the reason is in the code, not in the credentials.
      if (status.signer === 'sdk') return bySdk;
      const native = createNative(address, credentials);
      const isProven = await signersAgree(native, bySdk, options.wallClockMs());
      become(isProven ? { signer: 'native', reason: 'proven' } : { signer: 'sdk', reason: 'mismatch' });
      return isProven ? native : bySdk;
    },
  };
}

// The native signer is trusted only while it proves itself against the AWS SDK.
import type { PutRequest, PutSigner } from './put-signer.ts';

/** Holds what signers get wrong: characters that encoders treat unlike, spaces in a row, a parameter, a zero. */
const PROBE: PutRequest = {
  objectKey: "presignd/probe-0/Ä €😀/a+b (1)~!*'=&?#%2F.bin",
  headers: { 'content-length': '1048576', 'content-type': 'text/plain;  charset="utf-8"' },
};

const PROBE_EXPIRES_SECONDS = 900;

/**
 * Whether both signers make the same URL for one probe. A native signer that throws does not agree. Rejects with
 * what the SDK's signer throws, because then nothing can be signed at all.
 */
export async function signersAgree(native: PutSigner, sdk: PutSigner, atMs: number): Promise<boolean> {
  const expected = await sdk(PROBE, atMs, PROBE_EXPIRES_SECONDS);
  try {
    return (await native(PROBE, atMs, PROBE_EXPIRES_SECONDS)) === expected;
  } catch {
    return false;
  }
}

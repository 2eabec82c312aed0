// The native signer is trusted only while it proves itself against the AWS SDK.
import type { PutRequest, PutSigner } from './put-signer.ts';

/** They hold what signers get wrong: characters that encoders treat unlike, spaces in a row, a parameter, a zero. */
const PROBE: PutRequest = {
  objectKey: "presignd/probe-0/Ä €😀/a+b (1)~!*'=&?#%2F.bin",
  headers: { 'content-length': '1048576', 'content-type': 'text/plain;  charset="utf-8"' },
};
const PROBES: readonly PutRequest[] = [
  PROBE,
  { ...PROBE, headers: { ...PROBE.headers, 'if-none-match': '*' } },
  {
    ...PROBE,
    headers: {
      ...PROBE.headers,
      'cache-control': 'max-age=60',
      'content-disposition': 'attachment; filename="a  b.txt"',
      'content-md5': '1B2M2Y8AsgTpgAmY7PhCfg==',
      'x-amz-checksum-sha256': '47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=',
      'x-amz-meta-probe': 'a  b',
      'x-amz-server-side-encryption': 'AES256',
      'x-amz-storage-class': 'STANDARD',
      'x-amz-tagging': 'a%20b=c%2B',
    },
  },
];

const PROBE_EXPIRES_SECONDS = 900;

/**
 * Whether both signers make the same URL for each probe: a PUT with every set of headers. A native signer that throws
 * does not agree. Rejects with what the SDK's signer throws, because then nothing can be signed at all.
 */
export async function signersAgree(native: PutSigner, sdk: PutSigner, atMs: number): Promise<boolean> {
  for (const probe of PROBES) {
    const expected = await sdk(probe, atMs, PROBE_EXPIRES_SECONDS);
    const made = await urlOrUndefined(native, probe, atMs);
    if (made !== expected) return false;
  }
  return true;
}

async function urlOrUndefined(sign: PutSigner, probe: PutRequest, atMs: number): Promise<string | undefined> {
  try {
    return await sign(probe, atMs, PROBE_EXPIRES_SECONDS);
  } catch {
    return undefined;
  }
}

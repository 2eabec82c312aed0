import { openPresigner, type S3Presigner } from '../../src/s3/presigner.ts';
import { alternate, type Timing } from './alternate.ts';
import { BUCKET, CREDENTIALS, REGION } from './example.ts';
import type { Section } from './options.ts';
import {
  aws4fetchSigner,
  getSignedUrlSigner,
  nativeSigner,
  requestPresignerSigner,
  type Sign,
} from './signers.ts';
import { median, pairedRatio } from './stats.ts';
import { figure, type Table, verdict } from './table.ts';

const NATIVE = 'presignd';
const ORACLE = 'getSignedUrl';

export const presign: Section = {
  name: 'presign',
  run: async (options) => {
    await using closing = new AsyncDisposableStack();
    const presigner = closing.adopt(await openNative(), (opened) => opened.close());
    const signers = {
      [NATIVE]: nativeSigner(presigner),
      [ORACLE]: getSignedUrlSigner(),
      S3RequestPresigner: requestPresignerSigner(),
      aws4fetch: aws4fetchSigner(),
    };
    await assertSameSignature(signers);
    const subjects = Object.entries(signers).map(([label, sign]) => ({
      label,
      run: (turn: number) => sign(objectKeyOf(turn), Date.now()),
    }));
    return tableFrom(await alternate(subjects, options));
  },
};

export function openNative(): Promise<S3Presigner> {
  return openPresigner({
    bucket: BUCKET,
    region: REGION,
    forcePathStyle: false,
    signer: 'auto',
    credentials: async () => CREDENTIALS,
    wallClockMs: Date.now,
    onSignerChange: ({ signer }) => {
      if (signer !== 'native') throw new Error('the native signer failed its proof');
    },
    onCredentialFailure: (error) => {
      throw error;
    },
  });
}

export function objectKeyOf(turn: number): string {
  return `default/2026/01/31/019c0000-0000-7000-8000-${turn.toString(16).padStart(12, '0')}/John-Doe`;
}

/** A race is fair only if all do the same work: every URL has the same signature, and ours the oracle's bytes. */
async function assertSameSignature(signers: Readonly<Record<string, Sign>>): Promise<void> {
  const atMs = Math.floor(Date.now() / 1000) * 1000;
  const urls = new Map<string, string>();
  for (const [label, sign] of Object.entries(signers)) urls.set(label, await sign(objectKeyOf(0), atMs));
  const oracle = urls.get(ORACLE) ?? '';
  for (const [label, url] of urls) {
    if (signatureOf(url) !== signatureOf(oracle)) throw new Error(`${label} signs something else: ${url}`);
  }
  if (urls.get(NATIVE) !== oracle) throw new Error('the URL differs from that of getSignedUrl');
}

function signatureOf(url: string): string | null {
  return new URL(url).searchParams.get('X-Amz-Signature');
}

function tableFrom(timings: readonly Timing[]): Table {
  const native = timings.find(({ label }) => label === NATIVE)?.cpuMicros ?? [];
  return {
    title: 'Presigning one PUT',
    columns: ['signer', 'CPU µs per URL', 'elapsed µs', '× presignd', 'budget'],
    rows: timings.map(({ label, cpuMicros, elapsedMicros }) => {
      const ratio = pairedRatio(cpuMicros, native);
      const budget = { limit: 40, bound: '≥', unit: ' × presignd' } as const;
      return [
        label,
        figure(median(cpuMicros)),
        figure(median(elapsedMicros)),
        figure(ratio),
        label === ORACLE ? verdict(budget, ratio) : '',
      ];
    }),
  };
}

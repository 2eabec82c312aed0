import { afterEach, describe, expect, it, vi } from 'vitest';
import { Fault } from '../../../src/fault/fault.ts';
import type { CredentialIdentity } from '../../../src/s3/credentials.ts';
import { createNativeSigner } from '../../../src/s3/native-signer.ts';
import { openPresigner, type PresignerOptions, type S3Presigner } from '../../../src/s3/presigner.ts';
import type { Signer } from '../../../src/s3/signer.ts';
import type { SignerStatus } from '../../../src/s3/signer-choice.ts';
import type { SignedPut } from '../../../src/uploads/ports.ts';
import type { ObjectKey, PutPlan } from '../../../src/uploads/upload.ts';
import { oraclePutUrl } from '../../support/presign-oracle.ts';

const NOW_MS = Date.UTC(2026, 0, 1, 12, 0, 0, 250);
const DATE_MS = NOW_MS - 250;
const STATIC = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
};
const PLAN: PutPlan = {
  objectKey: 'acme/a b.txt' as ObjectKey,
  sizeBytes: 42,
  ttlSeconds: 900,
  headers: { 'content-length': '42', 'content-type': 'text/plain' },
};

/** A plan of each kind, signed. */
const signings: Record<string, (presigner: S3Presigner, nowMs: number) => Signing> = {
  PUT: (presigner, nowMs) => presigner.presignPut(PLAN, nowMs),
  parts: (presigner, nowMs) =>
    presigner.presignParts(
      { ...PLAN, s3UploadId: 'x', parts: [{ partNumber: 1, sizeBytes: 42, headers: {} }] },
      nowMs,
    ),
  GET: (presigner, nowMs) => presigner.presignGet({ ...PLAN, overrides: {} }, nowMs),
  form: (presigner, nowMs) =>
    presigner.presignForm(
      { ...PLAN, fields: {}, contentTypePrefix: undefined, minSizeBytes: 0, maxSizeBytes: 42 },
      nowMs,
    ),
};
type Signing = Life | Promise<Life>;
type Life = Pick<SignedPut, 'expiresAtMs'>;

const opened: S3Presigner[] = [];

afterEach(() => {
  for (const presigner of opened.splice(0)) presigner.close();
  vi.useRealTimers();
});

async function open(options: Partial<PresignerOptions> = {}) {
  const changes: SignerStatus[] = [];
  const failures: unknown[] = [];
  const presigner = await openPresigner({
    bucket: 'examplebucket',
    region: 'us-east-1',
    forcePathStyle: false,
    signer: 'auto',
    credentials: async () => STATIC,
    wallClockMs: () => NOW_MS,
    onSignerChange: (status) => changes.push(status),
    onCredentialFailure: (error) => failures.push(error),
    ...options,
  });
  opened.push(presigner);
  return { presigner, changes, failures };
}

function oracle(identity: CredentialIdentity, expiresSeconds = 900, atMs = NOW_MS): Promise<string> {
  const { accessKeyId, secretAccessKey, sessionToken } = identity;
  const credentials = { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) };
  const { objectKey: key, headers, sizeBytes } = PLAN;
  const request = { bucket: 'examplebucket', key, contentType: headers['content-type'], sizeBytes };
  return oraclePutUrl({ region: 'us-east-1', credentials }, { ...request, expiresSeconds, atMs });
}

/** A native signer that is wrong in a way of its own for whatever it signs. */
const brokenSigners: Record<string, PresignerOptions['createNative']> = {
  'encodes a space as a plus': changing((signer) => ({
    ...signer,
    put: async (...call) => (await signer.put(...call)).replaceAll('%20', '+'),
  })),
  'signs with another key': (address, credentials) =>
    createNativeSigner(address, { ...credentials, secretAccessKey: 'other' }),
  'forgets the session token': (address, credentials) =>
    createNativeSigner(address, { ...credentials, sessionToken: undefined }),
  'has the wrong host': (address, credentials) =>
    createNativeSigner({ ...address, host: 'example.com' }, credentials),
  'leaves If-None-Match unsigned': leavingUnsigned('if-none-match'),
  'leaves a checksum unsigned': leavingUnsigned('x-amz-checksum-sha256'),
  'leaves tags unsigned': leavingUnsigned('x-amz-tagging'),
  'signs parts without their number': changing((signer) => ({
    ...signer,
    parts: async (...call) => (await signer.parts(...call)).map((url) => url.replace(/&partNumber=\d+/, '')),
  })),
  'drops the overrides of a read': changing((signer) => ({
    ...signer,
    get: (request, ...when) => signer.get({ ...request, overrides: {} }, ...when),
  })),
  'takes any size in a form': changing((signer) => ({
    ...signer,
    form: (request, ...when) => signer.form({ ...request, maxSizeBytes: Number.MAX_SAFE_INTEGER }, ...when),
  })),
  'posts forms elsewhere': (address, credentials) =>
    createNativeSigner({ ...address, formUrl: 'https://example.com/' }, credentials),
  throws: changing((signer) => ({
    ...signer,
    put: () => {
      throw new Error('broken');
    },
  })),
};

function changing(change: (signer: Signer) => Signer): PresignerOptions['createNative'] {
  return (address, credentials) => change(createNativeSigner(address, credentials));
}

function leavingUnsigned(header: string): PresignerOptions['createNative'] {
  return changing((signer) => ({
    ...signer,
    put: ({ objectKey, headers: { [header]: _, ...others } }, ...when) =>
      signer.put({ objectKey, headers: { ...PLAN.headers, ...others } }, ...when),
  }));
}

describe('openPresigner', () => {
  it('signs natively and synchronously once it is proven', async () => {
    const { presigner, changes } = await open();
    const signed = presigner.presignPut(PLAN, NOW_MS);
    expect(signed).toEqual({
      url: await oracle(STATIC),
      headers: { 'content-length': '42', 'content-type': 'text/plain' },
      expiresAtMs: DATE_MS + 900_000,
    });
    expect(changes).toEqual([{ signer: 'native', reason: 'proven' }]);
    expect(await presigner.check()).toBe('signer native, proven');
  });

  it.each(Object.keys(signings))(
    'signs a plan for %s at once natively, and later with the SDK',
    async (kind) => {
      const { presigner: native } = await open();
      const { presigner: sdk } = await open({ signer: 'sdk' });
      const early = signings[kind]?.(native, NOW_MS);
      const late = signings[kind]?.(sdk, NOW_MS);
      expect(early).not.toBeInstanceOf(Promise);
      expect(late).toBeInstanceOf(Promise);
      expect(await late).toEqual(early);
      expect(early).toMatchObject({ expiresAtMs: DATE_MS + 900_000 });
    },
  );

  it('signs with the SDK where a setting says so', async () => {
    const createNative = vi.fn(createNativeSigner);
    const { presigner, changes } = await open({ signer: 'sdk', createNative });
    const signed = presigner.presignPut(PLAN, NOW_MS);
    expect(signed).toBeInstanceOf(Promise);
    expect(await signed).toEqual({
      url: await oracle(STATIC),
      headers: { 'content-length': '42', 'content-type': 'text/plain' },
      expiresAtMs: DATE_MS + 900_000,
    });
    expect(changes).toEqual([{ signer: 'sdk', reason: 'forced' }]);
    expect(await presigner.check()).toBe('signer sdk, forced');
    expect(createNative).not.toHaveBeenCalled();
  });

  /** A signer that is wrong would answer URLs that S3 refuses, or, worse, that promise what S3 does not enforce. */
  it.each(Object.keys(brokenSigners))(
    'signs with the SDK, and says so, when the native signer %s',
    async (name) => {
      const identity = { ...STATIC, sessionToken: 'token/+=' };
      const createNative = brokenSigners[name];
      if (createNative === undefined) throw new Error('unknown signer');
      const { presigner, changes, failures } = await open({
        createNative,
        credentials: async () => identity,
      });
      const signed = await presigner.presignPut(PLAN, NOW_MS);
      expect(signed.url).toBe(await oracle(identity));
      expect(changes).toEqual([{ signer: 'sdk', reason: 'mismatch' }]);
      expect(presigner.status()).toEqual({ signer: 'sdk', reason: 'mismatch' });
      expect(await presigner.check()).toBe('signer sdk, mismatch');
      expect(failures).toEqual([]);
    },
  );

  it('signs with a session token', async () => {
    const identity = { ...STATIC, sessionToken: 'FwoGZXIvYXdzE/+=&' };
    const { presigner } = await open({ credentials: async () => identity });
    expect((await presigner.presignPut(PLAN, NOW_MS)).url).toBe(await oracle(identity));
  });

  it('signs for the public endpoint', async () => {
    const place = {
      endpoint: 'http://minio:9000',
      publicEndpoint: 'https://s3.example.com',
      forcePathStyle: true,
    };
    const { presigner } = await open(place);
    expect((await presigner.presignPut(PLAN, NOW_MS)).url).toMatch(
      /^https:\/\/s3\.example\.com\/examplebucket\/acme/,
    );
    expect(presigner.publicUrl(PLAN.objectKey)).toBe('https://s3.example.com/examplebucket/acme/a%20b.txt');
  });

  it('shows public URLs below their base', async () => {
    const { presigner } = await open({ publicBaseUrl: 'https://cdn.example.com/files/' });
    expect(presigner.publicUrl(PLAN.objectKey)).toBe('https://cdn.example.com/files/acme/a%20b.txt');
  });

  it.each([0, -1, 1.5, 604_801, Number.NaN])('refuses to sign for %s seconds', async (ttlSeconds) => {
    const { presigner } = await open();
    expect(() => presigner.presignPut({ ...PLAN, ttlSeconds }, NOW_MS)).toThrow(Fault);
  });

  it('refuses a destination that has no address', async () => {
    await expect(open({ bucket: 'a/b' })).rejects.toThrow(/bucket a\/b/);
    await expect(open({ publicBaseUrl: 'ftp://x' })).rejects.toThrow('public base URL');
  });
});

describe('credentials that expire', () => {
  const temporary = (lifeMs: number, name = 'ASIATEMPORARY') => ({
    accessKeyId: name,
    secretAccessKey: 'temporary',
    sessionToken: 'token',
    expiration: new Date(NOW_MS + lifeMs),
  });

  /** The URL dies with its credentials: an expiry after theirs would be a promise that S3 breaks. */
  it('shorten the life of the URL, and the answer says so', async () => {
    const identity = temporary(60_000);
    const { presigner } = await open({ credentials: async () => identity });
    const signed = await presigner.presignPut(PLAN, NOW_MS);
    expect(signed.url).toBe(await oracle(identity, 55));
    expect(signed.expiresAtMs).toBe(DATE_MS + 55_000);
    expect(signed.expiresAtMs).toBeLessThan(identity.expiration.getTime());
  });

  it.each(Object.keys(signings))('shorten the life of a plan for %s, whoever signs', async (kind) => {
    for (const signer of ['auto', 'sdk'] as const) {
      const { presigner } = await open({ signer, credentials: async () => temporary(60_000) });
      const signed = await signings[kind]?.(presigner, NOW_MS);
      expect(signed?.expiresAtMs).toBe(DATE_MS + 55_000);
    }
  });

  it('leave the life of the URL alone when they live longer', async () => {
    const { presigner } = await open({ credentials: async () => temporary(3_600_000) });
    expect((await presigner.presignPut(PLAN, NOW_MS)).expiresAtMs).toBe(DATE_MS + 900_000);
  });

  it('are replaced in time; each new set proves the signer again', async () => {
    vi.useFakeTimers({ now: NOW_MS });
    const names = ['ASIAFIRST', 'ASIASECOND'];
    const createNative = vi.fn(createNativeSigner);
    const { presigner, changes } = await open({
      credentials: async () => ({
        ...temporary(0, names.shift()),
        expiration: new Date(Date.now() + 3_600_000),
      }),
      wallClockMs: () => Date.now(),
      createNative,
    });
    expect((await presigner.presignPut(PLAN, NOW_MS)).url).toContain('ASIAFIRST');
    await vi.advanceTimersByTimeAsync(45 * 60_000);
    await vi.waitFor(async () => {
      expect((await presigner.presignPut(PLAN, Date.now())).url).toContain('ASIASECOND');
    });
    expect(createNative).toHaveBeenCalledTimes(2);
    expect(changes).toEqual([{ signer: 'native', reason: 'proven' }]);
  });

  it('fall back to the SDK when the signer fails its proof with a later set, and stay there', async () => {
    vi.useFakeTimers({ now: NOW_MS });
    const names = ['ASIAFIRST', 'ASIASECOND', 'ASIATHIRD'];
    const { presigner, changes } = await open({
      credentials: async () => ({
        ...temporary(0, names.shift()),
        expiration: new Date(Date.now() + 3_600_000),
      }),
      wallClockMs: () => Date.now(),
      createNative: (address, credentials) =>
        createNativeSigner(
          address,
          credentials.accessKeyId === 'ASIASECOND' ? { ...credentials, secretAccessKey: 'x' } : credentials,
        ),
    });
    for (const name of ['ASIASECOND', 'ASIATHIRD']) {
      await vi.advanceTimersByTimeAsync(45 * 60_000);
      await vi.waitFor(async () => {
        expect((await presigner.presignPut(PLAN, Date.now())).url).toContain(name);
      });
    }
    expect(changes).toEqual([
      { signer: 'native', reason: 'proven' },
      { signer: 'sdk', reason: 'mismatch' },
    ]);
  });
});

describe('missing credentials', () => {
  it('make signing unavailable but do not hinder the start, and the reason is told', async () => {
    const { presigner, failures, changes } = await open({
      credentials: () => Promise.reject(new Error('no credentials anywhere')),
    });
    await expect(presigner.presignPut(PLAN, NOW_MS)).rejects.toMatchObject({ reason: 'SIGNING_UNAVAILABLE' });
    await expect(presigner.check()).rejects.toMatchObject({ reason: 'SIGNING_UNAVAILABLE' });
    expect(failures).toMatchObject([
      { message: 'the credential provider failed: Error: no credentials anywhere' },
    ]);
    expect(presigner.status()).toEqual({ signer: 'native', reason: 'unproven' });
    expect(changes).toEqual([]);
  });

  it('are sought until they come', async () => {
    let answer: CredentialIdentity | undefined;
    vi.useFakeTimers({ now: NOW_MS });
    const { presigner } = await open({
      wallClockMs: () => Date.now(),
      credentials: async () => {
        if (answer === undefined) throw new Error('not yet');
        return answer;
      },
    });
    for (const sign of Object.values(signings)) {
      await expect(sign(presigner, Date.now())).rejects.toMatchObject({ reason: 'SIGNING_UNAVAILABLE' });
    }
    answer = STATIC;
    await vi.advanceTimersByTimeAsync(1_000);
    for (const sign of Object.values(signings)) {
      expect(await sign(presigner, Date.now())).toMatchObject({ expiresAtMs: DATE_MS + 901_000 });
    }
    const signed = await presigner.presignPut(PLAN, Date.now());
    expect(signed.url).toBe(await oracle(STATIC, 900, Date.now()));
  });
});

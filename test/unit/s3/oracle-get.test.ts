// The AWS SDK as the oracle of signed reads.
import { Socket } from 'node:net';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ObjectKey } from '../../../src/uploads/upload.ts';
import {
  atOnce,
  type Comparisons,
  compareWithSdk,
  contentType,
  lifeSeconds,
  moment,
  objectKey,
  openAnywhere,
  signingPlace,
} from '../../support/presign-cases.ts';
import { oracleGetUrl } from '../../support/presign-oracle.ts';

const PARAMETER_OF: Readonly<Record<string, string>> = {
  ResponseCacheControl: 'response-cache-control',
  ResponseContentDisposition: 'response-content-disposition',
  ResponseContentEncoding: 'response-content-encoding',
  ResponseContentLanguage: 'response-content-language',
  ResponseContentType: 'response-content-type',
  VersionId: 'versionId',
};

const text = fc.oneof(
  contentType,
  fc.string({ unit: fc.constantFrom(...'/.%+ ~!*\'()=&?#;:@$,"é€😀aZ0'), minLength: 1, maxLength: 40 }),
);
const overrides = fc.record(
  {
    ResponseCacheControl: text,
    ResponseContentDisposition: text,
    ResponseContentEncoding: text,
    ResponseContentLanguage: text,
    ResponseContentType: text,
    VersionId: text,
  },
  { requiredKeys: [] },
);

function parametersOf(members: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(members).map(([member, value]) => [PARAMETER_OF[member] ?? member, value]),
  );
}

describe('the native signer', () => {
  afterEach(() => vi.restoreAllMocks());

  it('makes the URL of the SDK for each read, and asks no network', async () => {
    const connect = vi.spyOn(Socket.prototype, 'connect');
    // The SDK prints the addresses that it cannot parse, such as a bucket's subdomain of an IP address.
    vi.spyOn(console, 'error').mockReturnValue(undefined);
    const counts: Comparisons = { compared: 0, refused: 0 };
    const read = fc.record({ objectKey, overrides, expiresSeconds: lifeSeconds, atMs: moment });
    await fc.assert(
      fc.asyncProperty(signingPlace, fc.array(read, { minLength: 1, maxLength: 4 }), (place, reads) =>
        compareWithSdk(
          place,
          reads,
          {
            sdk: (config, asked) => {
              const input = { Bucket: place.bucket, Key: asked.objectKey, ...asked.overrides };
              return oracleGetUrl(config, input, asked);
            },
            native: (presigner, asked) => {
              const plan = {
                objectKey: asked.objectKey as ObjectKey,
                ttlSeconds: asked.expiresSeconds,
                overrides: parametersOf(asked.overrides),
              };
              return atOnce(presigner.presignGet(plan, asked.atMs)).url;
            },
          },
          counts,
        ),
      ),
      { numRuns: 80 },
    );
    expect(connect).not.toHaveBeenCalled();
    // Not a property that holds because hardly anything was compared.
    expect(counts.compared).toBeGreaterThan(50);
    expect(counts.refused).toBeLessThan(40);
  }, 60_000);

  /** A browser sends no x-amz-checksum-mode, and a range must stay free. */
  it.each(['auto', 'sdk'] as const)(
    'signs nothing but the host into a read, with the signer %s',
    async (signer) => {
      const { presigner } = await openAnywhere({
        signer,
        bucket: 'examplebucket',
        region: 'us-east-1',
        credentials: async () => ({ accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'secret' }),
      });
      const { url } = await presigner.presignGet(
        { objectKey: 'k' as ObjectKey, ttlSeconds: 60, overrides: { 'response-content-type': 'a/b' } },
        0,
      );
      const { searchParams } = new URL(url);
      expect(searchParams.get('X-Amz-SignedHeaders')).toBe('host');
      expect([...searchParams.keys()].filter((name) => !name.startsWith('X-Amz-'))).toEqual([
        'response-content-type',
        'x-id',
      ]);
      expect([...searchParams.keys()].filter((name) => /checksum/i.test(name))).toEqual([]);
      presigner.close();
    },
  );
});

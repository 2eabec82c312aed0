import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PLAN_KINDS } from '../../../src/uploads/plan.ts';
import { decodeUpload, encodeUpload } from '../../../src/uploads/upload-id-codec.ts';
import { multipartUpload, PROVIDER_IDS, TRACKED_PUT, trackedUploads } from '../../support/tracked-uploads.ts';

describe('the codec', () => {
  it('decodes both of its forms', () => {
    fc.assert(
      fc.property(trackedUploads, fc.boolean(), (upload, deflated) => {
        expect(decodeUpload(encodeUpload(upload, deflated))).toEqual(upload);
      }),
    );
  });

  it('refuses every truncation, and trailing bytes', () => {
    for (const upload of [TRACKED_PUT, multipartUpload(PROVIDER_IDS.minio)]) {
      for (const deflated of [false, true]) {
        const encoded = encodeUpload(upload, deflated);
        for (let length = 0; length < encoded.length; length += 1)
          expect(decodeUpload(encoded.subarray(0, length))).toBeUndefined();
      }
      const more = Buffer.concat([encodeUpload(upload, false), Buffer.of(0)]);
      expect(decodeUpload(more)).toBeUndefined();
    }
  });

  it('refuses another version, kind, algorithm or checksum type', () => {
    const encoded = Buffer.from(
      encodeUpload({ ...TRACKED_PUT, checksum: { algorithm: 'crc32', value: 'AAAAAA==' } }, false),
    );
    const withByte = (at: number, value: number) => {
      const changed = Buffer.from(encoded);
      changed[at] = value;
      return decodeUpload(changed);
    };
    expect(withByte(0, 1)).toBeDefined();
    expect(withByte(0, 2)).toBeUndefined();
    expect(withByte(1, 0b10011)).toBeUndefined();
    const algorithmAt = encoded.indexOf(Buffer.of(2, 0, 0, 0, 0));
    expect(withByte(algorithmAt, 2)).toBeDefined();
    for (const code of [5, 128, 255]) expect(withByte(algorithmAt, code)).toBeUndefined();
  });

  it('refuses a number that is too large or written too long, and text that is no UTF-8', () => {
    const start = [1, 0];
    const texts = [1, 0x61, 1, 0x62, 1, 0x63];
    const decoded = (...expiry: number[]) =>
      decodeUpload(Uint8Array.from([...start, ...expiry, 5, ...texts]));
    expect(decoded(0x81, 0x01)?.expiresAtMs).toBe(129_000);
    expect(decoded(0x81, 0x00)).toBeUndefined();
    expect(decoded(...Array(7).fill(0xff), 0x7f)).toBeUndefined();
    expect(decoded(...Array(9).fill(0xff), 0x01)).toBeUndefined();
    expect(decodeUpload(Uint8Array.from([...start, 1, 5, 1, 0xff, 1, 0x62, 1, 0x63]))).toBeUndefined();
  });

  it('refuses texts that inflate to more than there can be', () => {
    const bomb = { ...TRACKED_PUT, contentType: 'x'.repeat(100_000) };
    expect(encodeUpload(bomb, true).length).toBeLessThan(400);
    expect(decodeUpload(encodeUpload(bomb, true))).toBeUndefined();
  });

  it('never throws', () => {
    const seeds = [encodeUpload(TRACKED_PUT, true), encodeUpload(multipartUpload(PROVIDER_IDS.r2), false)];
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.uint8Array({ maxLength: 200 }).map((rest) => Uint8Array.from([1, ...rest])),
      fc.tuple(fc.constantFrom(...seeds), fc.nat(), fc.nat(255)).map(([seed, at, value]) => {
        const changed = Uint8Array.from(seed);
        changed[at % changed.length] = value;
        return changed;
      }),
    );
    fc.assert(
      fc.property(bytes, (encoded) => {
        const upload = decodeUpload(encoded);
        expect(upload === undefined || PLAN_KINDS.includes(upload.kind)).toBe(true);
      }),
      { numRuns: 20_000 },
    );
  });
});

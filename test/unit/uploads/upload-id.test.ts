import { createSecretKey, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSealer } from '../../../src/seal/create-sealer.ts';
import type { ObjectKey } from '../../../src/uploads/upload.ts';
import { createUploadIds, UPLOAD_ID_MAX_LENGTH } from '../../../src/uploads/upload-id.ts';
import { multipartUpload, PROVIDER_IDS, TRACKED_PUT, trackedUploads } from '../../support/tracked-uploads.ts';

const KEY = createSecretKey(Buffer.alloc(32, 1));
const OTHER_KEY = createSecretKey(Buffer.alloc(32, 2));
const OWNER = 'acme';
const ids = createUploadIds(createSealer([KEY], 'upload-id'));

/** The longest that the default rules for keys make: owner 64, prefix 200, day, UUID, and name 128. */
const LONGEST_KEY = [
  `customer-${'0123456789abcdef'.repeat(3)}-accounts`.slice(0, 64),
  'projects/2023-annual-report/departments/marketing/campaigns/spring/assets/video/raw/'
    .repeat(3)
    .slice(0, 199),
  '2023/11/14',
  '01890a5d-ac96-774b-bcce-b302099a8057',
  `${'Quarterly-review-of-the-board-final-version-2-'.repeat(3).slice(0, 124)}.mp4`,
].join('/') as ObjectKey;

describe('upload ids', () => {
  it('stand for the whole upload, in 1 to 1024 characters that are safe in a path', () => {
    fc.assert(
      fc.property(trackedUploads, fc.string({ unit: 'grapheme' }), (upload, owner) => {
        const id = ids.issue(upload, owner);
        fc.pre(id !== undefined);
        expect(id).toMatch(/^[A-Za-z0-9_-]{1,1024}$/);
        expect(ids.read(id ?? '', owner)).toEqual(upload);
      }),
      { numRuns: 2_000 },
    );
  });

  it('are the same for the same upload, and for no other', () => {
    fc.assert(
      fc.property(trackedUploads, trackedUploads, (upload, other) => {
        const id = ids.issue(upload, OWNER);
        fc.pre(id !== undefined && JSON.stringify(upload) !== JSON.stringify(other));
        expect(ids.issue(structuredClone(upload), OWNER)).toBe(id);
        expect(ids.issue(other, OWNER)).not.toBe(id);
        expect(ids.issue(upload, `${OWNER}2`)).not.toBe(id);
      }),
    );
  });

  it('are good for their owner only', () => {
    fc.assert(
      fc.property(trackedUploads, fc.string(), (upload, stranger) => {
        const id = ids.issue(upload, OWNER);
        fc.pre(stranger !== OWNER && id !== undefined);
        expect(ids.read(id ?? '', stranger)).toBeUndefined();
      }),
    );
  });

  it('stay readable over releases', () => {
    const upload = multipartUpload('an-S3-id', { contentTypeIsPrefix: true, oneShot: true, minSizeBytes: 1 });
    const id =
      'ASN9dnBKbihgsYyQq2xZ2TI6kRN9uHfbw9CdQF_FHAZnkOEqmQ_lguxJXwATbS0fjl7rD2mGMndPwWjNsnwMHi0HJxY0dMp7uqZgcmFN6YpzvEGVDtvbhXHYm3gUjmnyMARPy2m972qxWiP-hxhO9w4t_zhdT3irfnUrB8pr8m8IMwF908XYx-ZbCXWM25UjWA';
    expect(ids.issue(upload, OWNER)).toBe(id);
    expect(ids.read(id, OWNER)).toEqual(upload);
  });

  it.each([
    { of: 'a PUT', upload: TRACKED_PUT, atMost: 170 },
    { of: 'MinIO', upload: multipartUpload(PROVIDER_IDS.minio), atMost: 310 },
    { of: 'AWS', upload: multipartUpload(PROVIDER_IDS.aws), atMost: 400 },
    { of: 'R2', upload: multipartUpload(PROVIDER_IDS.r2), atMost: 620 },
    {
      of: 'R2 with the longest key and type',
      upload: multipartUpload(PROVIDER_IDS.r2, {
        objectKey: LONGEST_KEY,
        contentType: 'application/vnd.openxmlformats-officedocument.presentationml.presentation; a=bcd',
      }),
      atMost: UPLOAD_ID_MAX_LENGTH,
    },
  ])('take at most $atMost characters for $of', ({ upload, atMost }) => {
    const id = ids.issue(upload, OWNER) ?? '';
    expect(id.length).toBeGreaterThan(0);
    expect(id.length).toBeLessThanOrEqual(atMost);
    expect(ids.read(id, OWNER)).toEqual(upload);
  });

  it('are not made where they would be longer than 1024 characters', () => {
    const objectKey = randomBytes(768).toString('base64url') as ObjectKey;
    expect(ids.issue(multipartUpload(PROVIDER_IDS.r2, { objectKey }), OWNER)).toBeUndefined();
    expect(ids.issue(multipartUpload(randomBytes(100_000).toString('hex')), OWNER)).toBeUndefined();
  });
});

describe('reading', () => {
  const id = ids.issue(multipartUpload(PROVIDER_IDS.aws), OWNER) ?? '';

  it('refuses an id with any bit flipped, cut short or added to', () => {
    const bytes = Buffer.from(id, 'base64url');
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const changed = Buffer.from(bytes);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(ids.read(changed.toString('base64url'), OWNER)).toBeUndefined();
    }
    for (let length = 0; length < id.length; length += 1)
      expect(ids.read(id.slice(0, length), OWNER)).toBeUndefined();
    for (const more of ['A', 'AAAA', '=', ' ', id]) expect(ids.read(id + more, OWNER)).toBeUndefined();
  });

  it('refuses what was sealed for another purpose or with an unknown key', () => {
    for (const sealer of [createSealer([KEY], 'upload-token'), createSealer([OTHER_KEY], 'upload-id')])
      expect(createUploadIds(sealer).read(id, OWNER)).toBeUndefined();
  });

  it('goes on through a rotation of the key, until the old one is removed', () => {
    const rotated = createUploadIds(createSealer([OTHER_KEY, KEY], 'upload-id'));
    const upload = ids.read(id, OWNER);
    expect(rotated.read(id, OWNER)).toEqual(upload);
    expect(upload && rotated.issue(upload, OWNER)).not.toBe(id);
    expect(createUploadIds(createSealer([OTHER_KEY], 'upload-id')).read(id, OWNER)).toBeUndefined();
  });

  it('answers random text with undefined', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: 'binary' }), fc.base64String({ maxLength: 1_100 })),
        (text) => ids.read(text, OWNER) === undefined,
      ),
      { numRuns: 20_000 },
    );
  });
});

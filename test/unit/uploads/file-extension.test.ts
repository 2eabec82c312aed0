import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { extensionBelongsTo, extensionOf } from '../../../src/uploads/file-extension.ts';
import { MEDIA_TYPES } from '../../../src/uploads/media-types.ts';
import { objectKeyFrom } from '../../../src/uploads/object-key.ts';
import { parseObjectKeyTemplate } from '../../../src/uploads/object-key-template.ts';

describe('extensionOf', () => {
  /** The rule would be worth nothing if the object had another extension than the one that was looked at. */
  it('is the extension of the object’s own key, for any name', () => {
    const template = parseObjectKeyTemplate('{uuid}/{name}');
    const piece = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('.', '․', '．', '/', '\\', ' ', 'png', 'exe'),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        const filename = pieces.join('');
        const key = objectKeyFrom(template, { prefix: '', owner: 'o', uuid: 'u', nowMs: 0, filename });
        const [, end = ''] = /\.([^./]*)$/.exec(key) ?? [];
        expect(extensionOf(filename)).toBe(end.toLowerCase());
      }),
      { numRuns: 1000 },
    );
  });
});

describe('extensionBelongsTo', () => {
  it.each([
    ['png', 'image/png'],
    ['jpg', 'image/jpeg'],
    ['csv', 'application/vnd.ms-excel'],
    ['zip', 'application/x-zip-compressed'],
    ['html', 'application/octet-stream'],
    ['acme', 'application/octet-stream'],
    ['acme', 'application/vnd.acme.scene'],
  ])('says that .%s belongs to %s', (extension, mediaType) => {
    expect(extensionBelongsTo(extension, mediaType)).toBe(true);
  });

  it.each([
    ['png', 'image/jpeg'],
    ['exe', 'image/png'],
    ['html', 'text/plain'],
    ['svg', 'image/png'],
    ['acme', 'image/png'],
    ['exe', 'image/vnd.acme.photo'],
    ['constructor', 'image/png'],
    ['__proto__', 'image/png'],
  ])('says that .%s does not belong to %s', (extension, mediaType) => {
    expect(extensionBelongsTo(extension, mediaType)).toBe(false);
  });
});

describe('the table of extensions', () => {
  it('has lower-case extensions and media types, none twice for an extension', () => {
    for (const [extension, mediaTypes] of Object.entries(MEDIA_TYPES)) {
      expect(extension).toMatch(/^[a-z0-9]+$/);
      expect(new Set<string>(mediaTypes).size).toBe(mediaTypes.length);
      for (const mediaType of mediaTypes) expect(mediaType).toMatch(/^[a-z]+\/[a-z0-9][a-z0-9.+-]*$/);
    }
  });

  /** What browsers run must not pass for a harmless format. */
  it('knows pages and scripts by their own types only', () => {
    const active = ['text/html', 'application/xhtml+xml', 'image/svg+xml', 'text/javascript', 'text/xml'];
    const carriers = Object.entries(MEDIA_TYPES)
      .filter(([, mediaTypes]) => mediaTypes.some((mediaType) => active.includes(mediaType)))
      .map(([extension]) => extension);
    expect(carriers.sort()).toEqual(['htm', 'html', 'js', 'mjs', 'svg', 'xhtml', 'xml']);
  });
});

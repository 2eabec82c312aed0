import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { KeyPolicy } from '../../../src/keys/api-key.ts';
import { type DeclaredFile, policyRefusal } from '../../../src/uploads/key-policy.ts';
import { mediaFamilyOf } from '../../../src/uploads/media-family.ts';

const PHOTO: DeclaredFile = {
  filename: 'photo.png',
  contentType: 'image/png',
  sizeBytes: 1000,
  overwrite: undefined,
  destination: 'default',
};

function refusalOf(policy: KeyPolicy, change: Partial<DeclaredFile> = {}) {
  const fault = policyRefusal({ ...PHOTO, ...change }, policy);
  return (
    fault && {
      reason: fault.reason,
      status: fault.spec.status,
      said: fault.publicMessage,
      fields: fault.fields,
    }
  );
}

function said(policy: KeyPolicy, change: Partial<DeclaredFile> = {}): string | undefined {
  return refusalOf(policy, change)?.said;
}

describe('policyRefusal', () => {
  it('lets everything through where no rule is', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        fc.string(),
        fc.nat(),
        (filename, contentType, sizeBytes) => {
          expect(policyRefusal({ ...PHOTO, filename, contentType, sizeBytes }, {})).toBeUndefined();
        },
      ),
    );
  });

  it('is a 403 that names the rule and its limit, and blames the field', () => {
    expect(refusalOf({ maxSizeBytes: 999 })).toEqual({
      reason: 'POLICY_REFUSED',
      status: 403,
      said: "The API key's policy allows files of at most 999 bytes (max_size)",
      fields: [
        { field: 'size', message: "the API key's policy allows files of at most 999 bytes (max_size)" },
      ],
    });
  });

  it('draws the line for the size at the limit itself', () => {
    expect(said({ maxSizeBytes: 1000 })).toBeUndefined();
    expect(said({ maxSizeBytes: 1000 }, { sizeBytes: 1001 })).toContain('at most 1000 bytes');
    expect(said({ maxSizeBytes: 0 }, { sizeBytes: 0 })).toBeUndefined();
    expect(said({ maxSizeBytes: 0 }, { sizeBytes: 1 })).toContain('at most 0 bytes');
  });

  it('names every rule that is broken, and blames the fields in the order of the request', () => {
    const policy = {
      maxSizeBytes: 1,
      contentTypes: ['text/plain'],
      extensions: ['txt', 'md'],
      destinations: ['eu'],
    };
    const refusal = refusalOf(policy);
    expect(refusal?.fields.map(({ field }) => field)).toEqual([
      'filename',
      'contentType',
      'size',
      'destination',
    ]);
    expect(refusal?.said).toBe(
      "The API key's policy allows file names that end in .txt, .md (extensions); the content types text/plain (content_types); files of at most 1 bytes (max_size); the destinations eu, not default (destinations)",
    );
  });

  it('shows of a long list only its beginning', () => {
    const extensions = Array.from({ length: 100 }, (_, index) => `ext${index}`);
    expect(said({ extensions })).toMatch(/end in \.ext0, .*\.ext9 and 90 more \(extensions\)$/);
  });

  it('refuses every upload of a key for other destinations', () => {
    expect(refusalOf({ destinations: ['eu', 'us'] })).toMatchObject({
      said: "The API key's policy allows the destinations eu, us, not default (destinations)",
      fields: [{ field: 'destination' }],
    });
    expect(said({ destinations: ['eu', 'default'] })).toBeUndefined();
    expect(said({ destinations: ['eu'] }, { destination: 'eu' })).toBeUndefined();
  });
});

/** A browser chooses within the family, so that nothing in it may be forbidden. */
describe('a family of content types', () => {
  const isAllowed = (contentTypes: string[], type: string, filename = 'no extension') =>
    said({ contentTypes }, { family: mediaFamilyOf(type), contentType: type, filename }) === undefined;

  it('is allowed by itself only, and not by some of its types', () => {
    expect(isAllowed(['image/*'], 'image/*')).toBe(true);
    expect(isAllowed(['image/*'], 'IMAGE/*')).toBe(true);
    expect(isAllowed(['image/png', 'image/jpeg'], 'image/*')).toBe(false);
    expect(isAllowed(['image/*'], 'video/*')).toBe(false);
  });

  it('goes with the extensions of its types, and with those that nobody knows', () => {
    expect(isAllowed(['image/*'], 'image/*', 'photo.png')).toBe(true);
    expect(isAllowed(['image/*'], 'image/*', 'photo.mine')).toBe(true);
    expect(isAllowed(['image/*'], 'image/*', 'photo.exe')).toBe(false);
  });
});

describe('content types', () => {
  const isAllowed = (allowed: string, contentType: string) =>
    said({ contentTypes: [allowed] }, { contentType, filename: 'no extension' }) === undefined;

  it.each([
    ['image/png', 'image/png'],
    ['image/png', 'IMAGE/Png'],
    ['image/*', 'image/svg+xml'],
    ['text/plain', 'text/plain; charset=utf-8'],
    ['text/plain', 'text/plain ;charset="a,b"'],
    ['text/*', 'Text/CSV;header=present'],
    ['video/webm', 'video/webm;codecs=vp8,opus'],
    ['video/*', 'video/mp4; codecs="avc1.42E01E, mp4a.40.2"'],
  ])('of a policy for %s include %s', (allowed, contentType) => {
    expect(isAllowed(allowed, contentType)).toBe(true);
  });

  it.each([
    ['image/png', 'image/jpeg'],
    ['image/png', 'image/png2'],
    ['image/png', 'image'],
    ['image/*', 'imagex/png'],
    ['image/*', 'image/'],
    ['image/*', 'image/*'],
    ['image/*', 'image'],
    ['image/*', 'text/html;image/png'],
    ['image/*', 'example_string'],
    ['image/*', 'image/png/x'],
  ])('of a policy for %s do not include %s', (allowed, contentType) => {
    expect(isAllowed(allowed, contentType)).toBe(false);
  });

  /** Browsers go by the last of several types: one that only begins like an image would be opened as a page. */
  it.each([
    'image/png,text/html',
    'image/png, text/html',
    'image/png;a=b,text/html',
    'image/png;,text/html',
    'image/png;a="b",text/html;c="d"',
    'image/png;a="\\"",text/html',
    'image/png;a=",text/html',
    'image/png;a=b,c,text/html',
  ])('never include the several types of %j', (contentType) => {
    expect(isAllowed('image/*', contentType)).toBe(false);
    expect(isAllowed('image/png', contentType)).toBe(false);
  });

  it('answers every content type of the longest kind', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'a/;,"\\ ='), maxLength: 255 }), (rest) => {
        expect(
          said({ contentTypes: ['text/plain'] }, { contentType: `image/png${rest}`, filename: 'a' }),
        ).toContain('content_types');
      }),
    );
  });
});

describe('extensions', () => {
  const policy: KeyPolicy = { extensions: ['png', 'gz'] };
  const isAllowed = (filename: string) => said(policy, { filename }) === undefined;

  it.each([
    'a.png',
    'A.PNG',
    'a.tar.gz',
    'C:\\fakepath\\a.png',
    'dir.exe/a.png',
    '日本.png',
    'a.exe.png',
    ' a.png ',
  ])('of %j are allowed', (filename) => {
    expect(isAllowed(filename)).toBe(true);
  });

  it.each([
    'a',
    'png',
    '.png',
    'a.png.exe',
    'a.png/b',
    'a.pngx',
    'a.jpg',
    'a.',
    'a.png.exe.',
    '...png',
    'a.constructor',
  ])('of %j are refused', (filename) => {
    expect(refusalOf(policy, { filename })).toMatchObject({
      said: "The API key's policy allows file names that end in .png, .gz (extensions)",
      fields: [{ field: 'filename' }],
    });
  });
});

describe('type and extension', () => {
  const images: KeyPolicy = { contentTypes: ['image/*'] };

  it('must agree where types are restricted, and the refusal says which do not', () => {
    expect(refusalOf(images, { filename: 'setup.EXE' })).toMatchObject({
      said: "The API key's policy allows only extensions of the declared type: .exe does not belong to image/png (content_types)",
      fields: [{ field: 'filename' }],
    });
    expect(said(images, { filename: 'photo.jpg' })).toContain('.jpg does not belong to image/png');
    expect(said(images, { filename: 'photo.xyz' })).toContain('.xyz does not belong to image/png');
  });

  it('need not agree where types are free', () => {
    expect(said({ extensions: ['exe'], maxSizeBytes: 5000 }, { filename: 'setup.exe' })).toBeUndefined();
  });

  it('agree whatever the parameters and the case of the type', () => {
    const text: KeyPolicy = { contentTypes: ['text/plain'] };
    expect(said(text, { filename: 'a.TXT', contentType: 'Text/Plain; charset=utf-8' })).toBeUndefined();
  });

  it('are not compared for a name without an extension, nor for a type that is not allowed anyway', () => {
    expect(said(images, { filename: 'photo' })).toBeUndefined();
    const refusal = refusalOf(images, { filename: 'photo.png', contentType: 'text/html' });
    expect(refusal?.fields.map(({ field }) => field)).toEqual(['contentType']);
  });
});

import { describe, expect, it } from 'vitest';
import { Fault } from '../../../src/fault/fault.ts';
import type { KeyPolicy } from '../../../src/keys/api-key.ts';
import { decideDownload, readableKey } from '../../../src/uploads/decide-download.ts';
import { parseObjectKeyTemplate } from '../../../src/uploads/object-key-template.ts';
import type { DownloadRequest } from '../../../src/uploads/outcomes.ts';
import type { ObjectKey } from '../../../src/uploads/upload.ts';
import type { UploadPolicy } from '../../../src/uploads/upload-policy.ts';
import { ACME } from '../../support/upload-fixture.ts';
import { placeWith } from '../../support/upload-option-cases.ts';

function readable(fileKey: string, template: string, policy: KeyPolicy | null = null): string {
  const place = placeWith({ template: parseObjectKeyTemplate(template) });
  const key = readableKey(fileKey, place, { ...ACME, policy });
  return key instanceof Fault ? key.reason : key;
}

describe('an object key that a caller asks to read', () => {
  const TEMPLATE = '{owner}/{uuid}/{name}';

  it.each(['acme/x', 'acme/x/y.png', 'acme//x'])('may be %s, within the owner’s folder', (key) => {
    expect(readable(key, TEMPLATE)).toBe(key);
  });

  it.each(['acme', 'acmex/y', 'other/x', '/acme/x', '', 'ACME/x', 'acme/../other/x', 'acme/./x'])(
    'must not be %j',
    (key) => {
      expect(readable(key, TEMPLATE)).toBe('OBJECT_FORBIDDEN');
    },
  );

  it('must be within the prefix of the key’s policy, and of its destinations', () => {
    const policy = { objectKeyPrefix: 'a/' };
    expect(readable('acme/a/x', TEMPLATE, policy)).toBe('acme/a/x');
    expect(readable('acme/b/x', TEMPLATE, policy)).toBe('OBJECT_FORBIDDEN');
    expect(readable('acme/x', TEMPLATE, { destinations: ['other'] })).toBe('POLICY_REFUSED');
  });

  it('stands behind the literal folder of the template', () => {
    expect(readable('files/acme/x', 'files/{owner}/{uuid}')).toBe('files/acme/x');
    expect(readable('acme/x', 'files/{owner}/{uuid}')).toBe('OBJECT_FORBIDDEN');
  });

  it.each(['{uuid}/{name}', '{owner}-{uuid}', '{date}/{uuid}'])(
    'cannot be told to be the caller’s under the template %s',
    (template) => {
      expect(readable('acme/x', template)).toBe('OBJECT_FORBIDDEN');
    },
  );
});

function decide(
  request: DownloadRequest,
  policy: Partial<UploadPolicy> = { activeContent: 'attachment' },
  contentType?: string,
) {
  const object = { objectKey: 'acme/u/photo.png' as ObjectKey, contentType };
  const plan = decideDownload(request, object, placeWith(policy), ACME);
  return plan instanceof Fault ? [plan.reason, ...plan.fields.map(({ field }) => field)] : plan;
}

describe('a download', () => {
  it('overrides nothing unless it is asked to', () => {
    expect(decide({})).toEqual({ objectKey: 'acme/u/photo.png', ttlSeconds: 900, overrides: {} });
  });

  it('is saved under the name that is given, or the one in the key', () => {
    const saved = { contentDisposition: 'attachment' };
    expect(decide(saved)).toMatchObject({
      overrides: { 'response-content-disposition': 'attachment; filename="photo.png"' },
    });
    expect(decide({ ...saved, filename: 'Grüße.png' })).toMatchObject({
      overrides: {
        'response-content-disposition':
          'attachment; filename="Gr__e.png"; filename*=UTF-8\'\'Gr%C3%BC%C3%9Fe.png',
      },
    });
  });

  it.each<[DownloadRequest, string]>([
    [{ contentDisposition: 'other' }, 'contentDisposition'],
    [{ filename: 'a' }, 'filename'],
    [{ contentType: 'a\r\nb' }, 'contentType'],
    [{ expiresInSeconds: 0 }, 'expiresIn'],
    [{ expiresInSeconds: 604_801 }, 'expiresIn'],
  ])('is refused for %j, and %s is blamed', (request, field) => {
    expect(decide(request)).toEqual(['INVALID_REQUEST', field]);
  });

  it('overrides only what the destination lets it', () => {
    const policy = { allowedOverrides: [] };
    expect(decide({ contentDisposition: 'attachment' }, policy)).toEqual([
      'POLICY_REFUSED',
      'contentDisposition',
    ]);
    expect(decide({ contentType: 'image/png' }, policy)).toEqual(['POLICY_REFUSED', 'contentType']);
  });

  /** Stored as an attachment, a page would be shown again by an override. */
  it.each<[DownloadRequest, string | undefined, string | undefined]>([
    [{ contentType: 'text/html' }, undefined, 'contentType'],
    [{ contentType: 'text/html', contentDisposition: 'inline' }, 'image/png', 'contentType'],
    [{ contentType: 'text/html', contentDisposition: 'attachment' }, 'image/png', undefined],
    [{ contentDisposition: 'inline' }, 'text/html', 'contentDisposition'],
    [{ contentDisposition: 'inline' }, undefined, 'contentDisposition'],
    [{ contentDisposition: 'inline' }, 'image/png', undefined],
    [{ contentDisposition: 'inline', contentType: 'image/png' }, undefined, undefined],
    [{ contentDisposition: 'attachment' }, 'text/html', undefined],
  ])('of %j, stored as %s, executes nothing in a browser', (request, stored, refused) => {
    const decided = decide(request, { activeContent: 'attachment' }, stored);
    if (refused === undefined) expect(decided).toMatchObject({ objectKey: 'acme/u/photo.png' });
    else expect(decided).toEqual(['CONTENT_REFUSED', refused]);
    expect(decide(request, { activeContent: 'allow' }, stored)).toMatchObject({ ttlSeconds: 900 });
  });
});

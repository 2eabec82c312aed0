import { describe, expect, it } from 'vitest';
import { Fault } from '../../../src/fault/fault.ts';
import { ACTIVE_KINDS, activeContentOf } from '../../../src/uploads/active-content.ts';
import { decidePut } from '../../../src/uploads/decide.ts';
import type { UploadRequest } from '../../../src/uploads/upload.ts';
import type { UploadPolicy } from '../../../src/uploads/upload-policy.ts';
import { placeWith } from '../../support/upload-option-cases.ts';

const NOBODY = { keyId: 'key_1', owner: 'acme', scopes: [], policy: null, rateLimit: null };

function decide(activeContent: UploadPolicy['activeContent'], change: Partial<UploadRequest> = {}) {
  const request = { filename: 'page.html', contentType: 'text/html', sizeBytes: 1, ...change };
  return decidePut(request, placeWith({ activeContent }), NOBODY, { nowMs: 0, uuid: 'u' });
}

function dispositionOf(decision: ReturnType<typeof decide>): string | undefined {
  if (decision instanceof Fault) throw decision;
  return decision.headers['content-disposition'];
}

describe('active content', () => {
  it.each(ACTIVE_KINDS)(
    'is $name, by every type and every extension of the table',
    ({ name, mediaTypes, extensions }) => {
      for (const type of mediaTypes) {
        for (const contentType of [type, type.toUpperCase(), `${type}; charset=utf-8`, `${type} ;a="b"`]) {
          expect(activeContentOf(contentType, 'a.png')).toMatchObject({ name, field: 'contentType' });
        }
      }
      for (const extension of extensions) {
        for (const filename of [
          `a.${extension}`,
          `A B.${extension.toUpperCase()}`,
          `日.${extension}`,
          `x/a.${extension}.`,
        ]) {
          expect(activeContentOf('application/octet-stream', filename)).toMatchObject({
            name,
            field: 'filename',
          });
        }
      }
    },
  );

  /** Browsers go by the last of several types, and by the bytes where there is none. */
  it.each([
    'image/png,text/html',
    'image/png;a="b,text/html',
    'text/html/x',
    'application/atom+xml',
    'Application/RSS+XML;v=1',
  ])('is also the type %s', (contentType) => {
    expect(activeContentOf(contentType, 'a.png')?.field).toBe('contentType');
  });

  it.each([
    ['image/png', 'a.png'],
    ['text/plain', 'html'],
    ['text/plain', '.html'],
    ['text/plain', 'a.html.txt'],
    ['application/pdf', 'a.pdf'],
    ['application/vnd.openxmlformats-officedocument.wordprocessingml.document', 'a.docx'],
    ['application/json; charset=utf-8', 'a.json'],
    ['video/webm;codecs=vp8,opus', 'a.webm'],
    ['example_string', 'John Doe'],
  ])('is not %s named %s', (contentType, filename) => {
    expect(activeContentOf(contentType, filename)).toBeUndefined();
  });

  /** Security property: what is opened from the bucket's own site must not run there. */
  it('is signed as an attachment, by its type or its name, whether or not the request says so', () => {
    expect(dispositionOf(decide('attachment'))).toBe('attachment; filename="page.html"');
    expect(dispositionOf(decide('attachment', { contentType: 'text/plain' }))).toBe(
      'attachment; filename="page.html"',
    );
    const asked = { options: { contentDisposition: 'attachment', cacheControl: 'no-cache' } };
    expect(dispositionOf(decide('attachment', asked))).toBe('attachment; filename="page.html"');
  });

  it('is not shown inline, and the refusal says why', () => {
    expect(decide('attachment', { options: { contentDisposition: 'inline' } })).toMatchObject({
      reason: 'CONTENT_REFUSED',
      publicMessage:
        'This server takes HTML only as an attachment: scripts in a page run with the rights of the site that serves it',
      fields: [{ field: 'contentDisposition' }],
    });
  });

  it('is refused where the operator wants none, and the refusal names what gave it away', () => {
    expect(decide('deny')).toMatchObject({ reason: 'CONTENT_REFUSED', fields: [{ field: 'contentType' }] });
    expect(decide('deny', { contentType: 'text/plain' })).toMatchObject({ fields: [{ field: 'filename' }] });
    expect(decide('deny', { options: { contentDisposition: 'attachment' } })).toBeInstanceOf(Fault);
  });

  it('is left alone where the operator allows it', () => {
    expect(dispositionOf(decide('allow'))).toBeUndefined();
    expect(dispositionOf(decide('allow', { options: { contentDisposition: 'inline' } }))).toBe(
      'inline; filename="page.html"',
    );
  });

  it('leaves inert content as it was asked for', () => {
    const image = { filename: 'a.png', contentType: 'image/png' };
    for (const policy of ['allow', 'attachment', 'deny'] as const) {
      expect(dispositionOf(decide(policy, image))).toBeUndefined();
      expect(dispositionOf(decide(policy, { ...image, options: { contentDisposition: 'inline' } }))).toBe(
        'inline; filename="a.png"',
      );
    }
  });
});

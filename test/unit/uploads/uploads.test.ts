import { describe, expect, it } from 'vitest';
import { loadSettings } from '../../../src/config/load-settings.ts';
import { Fault } from '../../../src/fault/fault.ts';
import { decidePut } from '../../../src/uploads/decide.ts';
import { parseObjectKeyTemplate } from '../../../src/uploads/object-key-template.ts';
import type { Presigner, SignedPut } from '../../../src/uploads/ports.ts';
import { type PutPlan, SINGLE_PUT_MAX_BYTES, type UploadRequest } from '../../../src/uploads/upload.ts';
import { createUploads } from '../../../src/uploads/uploads.ts';

const NOW_MS = Date.UTC(2026, 0, 2);
const UUID = '019b7c01-0400-7000-8000-000000000000';
const PRINCIPAL = { keyId: 'key_1', owner: 'acme', scopes: [] };
const POLICY = { ttlSeconds: 900, template: parseObjectKeyTemplate(loadSettings({}).objectKeyTemplate) };
const REQUEST: UploadRequest = { filename: 'John Doe', contentType: 'example_string', sizeBytes: 42 };

function decide(change: Partial<UploadRequest>): PutPlan | Fault {
  return decidePut({ ...REQUEST, ...change }, POLICY, PRINCIPAL, { nowMs: NOW_MS, uuid: UUID });
}

function blamedFields(decision: PutPlan | Fault): string[] {
  if (!(decision instanceof Fault)) return [];
  expect(decision.reason).toBe('INVALID_REQUEST');
  return decision.fields.map(({ field }) => field);
}

describe('decidePut', () => {
  it('plans the upload under the owner of the key', () => {
    expect(decide({})).toEqual({
      objectKey: `acme/2026/01/02/${UUID}/John-Doe`,
      contentType: 'example_string',
      sizeBytes: 42,
      ttlSeconds: 900,
    });
  });

  it('takes every size that S3 takes in a single PUT, and none beside', () => {
    for (const sizeBytes of [0, 1, SINGLE_PUT_MAX_BYTES])
      expect(blamedFields(decide({ sizeBytes }))).toEqual([]);
    for (const sizeBytes of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, SINGLE_PUT_MAX_BYTES + 1]) {
      expect(blamedFields(decide({ sizeBytes }))).toEqual(['size']);
    }
  });

  it('names the limit in the message about a size over it', () => {
    const decision = decide({ sizeBytes: SINGLE_PUT_MAX_BYTES + 1 });
    expect(decision instanceof Fault && decision.fields[0]?.message).toContain('5368709120');
  });

  /** The type is signed as a header line: a line break in it would sign a header of the caller's choice. */
  it.each(['', ' a', 'a ', 'a\r\nx-amz-acl: public-read', 'a\nb', 'a\tb', 'ä', 'a\u0000', 'a\u007f'])(
    'refuses the content type %j',
    (contentType) => {
      expect(blamedFields(decide({ contentType }))).toEqual(['contentType']);
    },
  );

  it.each(['a', 'text/plain;  charset="utf-8"', '!~'])('takes the content type %j', (contentType) => {
    expect(blamedFields(decide({ contentType }))).toEqual([]);
  });

  it('refuses a filename that is empty or not Unicode', () => {
    expect(blamedFields(decide({ filename: '' }))).toEqual(['filename']);
    expect(blamedFields(decide({ filename: 'a\ud800' }))).toEqual(['filename']);
  });

  it('blames all wrong fields, in the order of the request', () => {
    expect(blamedFields(decide({ filename: '', contentType: '', sizeBytes: -1 }))).toEqual([
      'filename',
      'contentType',
      'size',
    ]);
  });
});

describe('createUploads', () => {
  const signed: SignedPut = {
    url: 'https://s3.example/signed',
    headers: { 'content-length': '42' },
    expiresAtMs: 7,
  };

  function uploadsWith(presignPut: Presigner['presignPut']) {
    return createUploads({
      presigner: { presignPut, publicUrl: (key) => `https://cdn.example/${key}` },
      policy: POLICY,
      random: (count) => new Uint8Array(count),
      wallClockMs: () => NOW_MS,
    });
  }

  const expected = {
    uploadUrl: signed.url,
    publicUrl: `https://cdn.example/acme/2026/01/02/${UUID}/John-Doe`,
    fileKey: `acme/2026/01/02/${UUID}/John-Doe`,
    method: 'PUT',
    headers: signed.headers,
    expiresAtMs: 7,
  };

  it('answers synchronously when the presigner does', () => {
    const calls: unknown[] = [];
    const uploads = uploadsWith((plan, nowMs) => {
      calls.push([plan.objectKey, plan.contentType, plan.sizeBytes, plan.ttlSeconds, nowMs]);
      return signed;
    });
    expect(uploads.issuePut(REQUEST, PRINCIPAL)).toEqual(expected);
    expect(calls).toEqual([[expected.fileKey, 'example_string', 42, 900, NOW_MS]]);
  });

  it('answers the same late when the presigner is late', async () => {
    await expect(uploadsWith(async () => signed).issuePut(REQUEST, PRINCIPAL)).resolves.toEqual(expected);
  });

  it('signs nothing for a request that is refused', () => {
    let calls = 0;
    const uploads = uploadsWith(() => {
      calls += 1;
      return signed;
    });
    expect(() => uploads.issuePut({ ...REQUEST, sizeBytes: -1 }, PRINCIPAL)).toThrow(Fault);
    expect(calls).toBe(0);
  });
});

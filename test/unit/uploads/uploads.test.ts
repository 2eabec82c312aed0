import { describe, expect, it } from 'vitest';
import { loadSettings } from '../../../src/config/load-settings.ts';
import { Fault } from '../../../src/fault/fault.ts';
import type { KeyPolicy, Principal } from '../../../src/keys/api-key.ts';
import { createCounter } from '../../../src/uploads/count-upload.ts';
import { decidePut } from '../../../src/uploads/decide.ts';
import { createPutIssue } from '../../../src/uploads/issue-put.ts';
import { parseObjectKeyTemplate } from '../../../src/uploads/object-key-template.ts';
import type { ByteQuota, Presigner, SignedPut } from '../../../src/uploads/ports.ts';
import { type PutPlan, SINGLE_PUT_MAX_BYTES, type UploadRequest } from '../../../src/uploads/upload.ts';
import { createUploadPolicy } from '../../../src/uploads/upload-policy.ts';
import { fakeDestination, forgetful } from '../../support/upload-fixture.ts';
import { placeWith } from '../../support/upload-option-cases.ts';

const NOW_MS = Date.UTC(2026, 0, 2);
const UUID = '019b7c01-0400-7000-8000-000000000000';
const PRINCIPAL: Principal = { keyId: 'key_1', owner: 'acme', scopes: [], policy: null, rateLimit: null };
const POLICY = createUploadPolicy({
  ttlSeconds: 900,
  maxTtlSeconds: undefined,
  template: parseObjectKeyTemplate(loadSettings({}).objectKeyTemplate),
  activeContent: 'attachment',
  allowedAcls: [],
  allowedOverrides: [],
});
const PLACE = placeWith(POLICY);
const REQUEST: UploadRequest = { filename: 'John Doe', contentType: 'example_string', sizeBytes: 42 };

function decide(change: Partial<UploadRequest>, policy: KeyPolicy | null = null): PutPlan | Fault {
  const principal = { ...PRINCIPAL, policy };
  return decidePut({ ...REQUEST, ...change }, PLACE, principal, { nowMs: NOW_MS, uuid: UUID });
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
      sizeBytes: 42,
      ttlSeconds: 900,
      headers: { 'content-length': '42', 'content-type': 'example_string' },
    });
  });

  it('lets the key’s policy shorten the life of the URL, and never lengthen it', () => {
    for (const [maxTtlSeconds, ttlSeconds] of [
      [60, 60],
      [900, 900],
      [86_400, 900],
    ]) {
      expect(decide({}, { maxTtlSeconds: Number(maxTtlSeconds) })).toMatchObject({ ttlSeconds });
    }
  });

  it('puts the prefix of the key’s policy behind the owner’s folder', () => {
    expect(decide({}, { objectKeyPrefix: 'avatars/2026/' })).toMatchObject({
      objectKey: `acme/avatars/2026/2026/01/02/${UUID}/John-Doe`,
    });
  });

  it('forbids overwriting where the key’s policy does, and only there', () => {
    const condition = (policy: KeyPolicy) => {
      const plan = decide({}, policy);
      return plan instanceof Fault ? plan : plan.headers['if-none-match'];
    };
    expect(condition({ allowOverwrite: false })).toBe('*');
    expect(condition({ allowOverwrite: true })).toBeUndefined();
    expect(condition({})).toBeUndefined();
  });

  it('says first what no policy could allow', () => {
    expect(blamedFields(decide({ sizeBytes: -1, contentType: 'a/b' }, { contentTypes: ['c/d'] }))).toEqual([
      'size',
    ]);
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

describe('createPutIssue', () => {
  const signed: SignedPut = {
    url: 'https://s3.example/signed',
    headers: { 'content-length': '42' },
    expiresAtMs: 7,
  };

  function uploadsWith(presignPut: Presigner['presignPut'], quota?: ByteQuota, wallClockMs = () => NOW_MS) {
    const destination = { ...fakeDestination({ presignPut }), ...PLACE };
    const issuePut = createPutIssue({
      destinations: new Map([['default', destination]]),
      count: createCounter({ quota, budget: { take: async () => true } }),
      newSeed: () => ({ nowMs: wallClockMs(), uuid: UUID }),
      wallClockMs,
      memory: forgetful,
      sleep: async () => {},
    });
    return { issuePut };
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
      calls.push([plan.objectKey, plan.headers['content-type'], plan.sizeBytes, plan.ttlSeconds, nowMs]);
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

  describe('with a byte quota', () => {
    it('counts the declared size of what it signs, before it signs, and stays synchronous', () => {
      const order: unknown[] = [];
      const quota: ByteQuota = { take: (...call) => void order.push(call) };
      const uploads = uploadsWith(() => {
        order.push('signed');
        return signed;
      }, quota);
      expect(uploads.issuePut(REQUEST, PRINCIPAL)).toEqual(expected);
      expect(order).toEqual([[PRINCIPAL, 42, NOW_MS], 'signed']);
    });

    it('signs nothing that the quota refuses, now or later', async () => {
      let signatures = 0;
      const exceeded = new Fault('QUOTA_EXCEEDED');
      const sign = () => {
        signatures += 1;
        return signed;
      };
      const refuseNow = () => {
        throw exceeded;
      };
      expect(() => uploadsWith(sign, { take: refuseNow }).issuePut(REQUEST, PRINCIPAL)).toThrow(exceeded);
      const refuseLater = () => Promise.reject(exceeded);
      await expect(uploadsWith(sign, { take: refuseLater }).issuePut(REQUEST, PRINCIPAL)).rejects.toBe(
        exceeded,
      );
      expect(signatures).toBe(0);
    });

    it('counts nothing of what is refused', () => {
      const taken: number[] = [];
      const quota: ByteQuota = { take: (_principal, sizeBytes) => void taken.push(sizeBytes) };
      const uploads = uploadsWith(() => signed, quota);
      const restricted = { ...PRINCIPAL, policy: { maxSizeBytes: 41 } };
      expect(() => uploads.issuePut({ ...REQUEST, sizeBytes: -1 }, PRINCIPAL)).toThrow(Fault);
      expect(() => uploads.issuePut(REQUEST, restricted)).toThrow(Fault);
      expect(taken).toEqual([]);
    });

    it('dates the signature when the counting is over', async () => {
      let nowMs = NOW_MS;
      const dates: number[] = [];
      const quota: ByteQuota = {
        take: async () => {
          nowMs += 5_000;
        },
      };
      const sign = (_plan: PutPlan, atMs: number) => {
        dates.push(atMs);
        return signed;
      };
      await uploadsWith(sign, quota, () => nowMs).issuePut(REQUEST, PRINCIPAL);
      expect(dates).toEqual([NOW_MS + 5_000]);
    });
  });
});

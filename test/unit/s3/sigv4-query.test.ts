import { describe, expect, it } from 'vitest';
import { signingKey } from '../../../src/s3/sigv4.ts';
import { createQuerySigner, createRequestShape } from '../../../src/s3/sigv4-query.ts';

const SCOPE = {
  origin: 'https://b.example',
  host: 'b.example',
  region: 'us-east-1',
  service: 's3',
  accessKeyId: 'AKID',
  secretAccessKey: 'secret',
};
const MIDNIGHT_MS = Date.UTC(2026, 5, 2);

describe('createQuerySigner', () => {
  it('signs with the new day’s key after midnight UTC, and with the old one again if the clock goes back', () => {
    const shape = createRequestShape('GET', [], {});
    const used = createQuerySigner(SCOPE);
    for (const atMs of [MIDNIGHT_MS - 1, MIDNIGHT_MS, MIDNIGHT_MS + 999, MIDNIGHT_MS - 1]) {
      const fresh = createQuerySigner(SCOPE);
      expect(used.presign(shape, '/k', {}, atMs, 60)).toBe(fresh.presign(shape, '/k', {}, atMs, 60));
    }
    const [before, after] = [MIDNIGHT_MS - 1, MIDNIGHT_MS].map((atMs) =>
      used.presign(shape, '/k', {}, atMs, 60),
    );
    expect(before).toContain('%2F20260601%2F');
    expect(after).toContain('%2F20260602%2F');
  });

  it('keeps shapes apart that sign different headers', () => {
    const signer = createQuerySigner(SCOPE);
    const once = createRequestShape('PUT', ['content-length', 'If-None-Match', 'x-amz-checksum-sha256'], {});
    const plain = createRequestShape('PUT', ['content-length'], {});
    const headers = { 'content-length': '1', 'if-none-match': '*', 'x-amz-checksum-sha256': 'abc=' };
    const onceUrl = new URL(signer.presign(once, '/k', headers, MIDNIGHT_MS, 60));
    const plainUrl = new URL(signer.presign(plain, '/k', headers, MIDNIGHT_MS, 60));
    expect(onceUrl.searchParams.get('X-Amz-SignedHeaders')).toBe(
      'content-length;host;if-none-match;x-amz-checksum-sha256',
    );
    expect(onceUrl.searchParams.has('x-amz-checksum-sha256')).toBe(false);
    expect(plainUrl.searchParams.get('X-Amz-SignedHeaders')).toBe('content-length;host');
    expect(onceUrl.searchParams.get('X-Amz-Signature')).not.toBe(
      plainUrl.searchParams.get('X-Amz-Signature'),
    );
  });

  it('sorts further parameters among its own, before and after the signature', () => {
    const shape = createRequestShape('PUT', [], {
      uploadId: 'a/b+c',
      partNumber: '7',
      A: '1',
      'X-Amz-Meta': 'é',
    });
    const url = createQuerySigner(SCOPE).presign(shape, '/k', {}, MIDNIGHT_MS, 60);
    const names = url
      .slice(url.indexOf('?') + 1)
      .split('&')
      .map((pair) => pair.split('=')[0]);
    expect(names).toEqual([...names].sort());
    expect(names).toHaveLength(10);
    expect(url).toContain('&uploadId=a%2Fb%2Bc');
    expect(url).toContain('&X-Amz-Meta=%C3%A9&');
  });

  it('puts values that come with the request where their names sort', () => {
    const fixed = { 'x-id': 'UploadPart', 'X-Amz-Content-Sha256': 'UNSIGNED-PAYLOAD' };
    const values = { uploadId: 'a/b+c', partNumber: '7' };
    const signer = createQuerySigner(SCOPE);
    const open = createRequestShape('PUT', [], fixed, ['uploadId', 'partNumber']);
    for (const partNumber of ['7', '8']) {
      const closed = createRequestShape('PUT', [], { ...fixed, ...values, partNumber });
      expect(signer.presign(open, '/k', {}, MIDNIGHT_MS, 60, { ...values, partNumber })).toBe(
        signer.presign(closed, '/k', {}, MIDNIGHT_MS, 60),
      );
    }
    const url = signer.presign(open, '/k', {}, MIDNIGHT_MS, 60, values);
    expect(url).toMatch(/&partNumber=7&uploadId=a%2Fb%2Bc&x-id=UploadPart$/);
  });

  /** Among the signature's own parameters they would have to be cut out one by one. */
  it('refuses a parameter that sorts among those of the signature', () => {
    expect(() => createRequestShape('GET', [], {}, ['X-Amz-Meta'])).toThrow(RangeError);
  });

  it('refuses to sign without a value for every parameter', () => {
    const shape = createRequestShape('PUT', [], {}, ['partNumber', 'uploadId']);
    const signer = createQuerySigner(SCOPE);
    expect(() => signer.presign(shape, '/k', {}, MIDNIGHT_MS, 60)).toThrow(RangeError);
    expect(() => signer.presign(shape, '/k', {}, MIDNIGHT_MS, 60, { partNumber: '1' })).toThrow(RangeError);
  });

  /** A header without a value would be signed as something that no client sends, or not at all. */
  it('refuses to sign without a value for every signed header', () => {
    const shape = createRequestShape('PUT', ['content-type'], {});
    expect(() => createQuerySigner(SCOPE).presign(shape, '/k', {}, MIDNIGHT_MS, 60)).toThrow(RangeError);
  });
});

describe('signingKey', () => {
  it('differs by secret, day, region and service', () => {
    const keys = [
      signingKey('s', '20260601', 'us-east-1', 's3'),
      signingKey('t', '20260601', 'us-east-1', 's3'),
      signingKey('s', '20260602', 'us-east-1', 's3'),
      signingKey('s', '20260601', 'us-east-2', 's3'),
      signingKey('s', '20260601', 'us-east-1', 's3express'),
    ].map((key) => key.toString('hex'));
    expect(new Set(keys).size).toBe(5);
  });
});

import { describe, expect, it } from 'vitest';
import type { CredentialProvider } from '../../../src/s3/credentials.ts';
import { createObjectStorage } from '../../../src/s3/object-storage.ts';
import type { MultipartCompletion, OpenMultipartUpload } from '../../../src/uploads/ports.ts';
import { errorAnswer, FAKE_KEYS, KEY, openFakeS3, storageAt } from '../../support/fake-s3.ts';
import { faultOf } from '../../support/faults.ts';
import { gather } from '../../support/gather.ts';
import { errorXml } from '../../support/s3-error-xml.ts';

const COMPLETION: MultipartCompletion = {
  objectKey: KEY,
  s3UploadId: 'upload',
  parts: [{ partNumber: 1, sizeBytes: 1, etag: 'a', checksum: undefined }],
  checksum: undefined,
  expectedChecksum: undefined,
  oneShot: false,
};

describe('the object storage', () => {
  /** AWS "CompleteMultipartUpload": the status is sent before the parts are put together. */
  it('takes a 200 whose body is an error for the error', async () => {
    let code = 'InternalError';
    const endpoint = await openFakeS3((_, response) => {
      response.writeHead(200, { 'content-type': 'application/xml' });
      response.end(errorXml(code));
    });
    const storage = storageAt(endpoint);
    const fault = await faultOf(() => storage.completeMultipartUpload(COMPLETION));
    expect(fault.reason).toBe('STORAGE_UNAVAILABLE');
    code = 'InvalidPart';
    expect(await storage.completeMultipartUpload(COMPLETION)).toEqual({
      outcome: 'refused',
      why: expect.stringContaining('InvalidPart'),
    });
  });

  it('puts the pages of parts together in the order of their numbers', async () => {
    const markers: (string | null)[] = [];
    const endpoint = await openFakeS3(({ url = '' }, response) => {
      const marker = new URL(url, 'http://s3').searchParams.get('part-number-marker');
      markers.push(marker);
      const from = Number(marker ?? 0);
      const numbers = Array.from({ length: Math.min(1_000, 2_500 - from) }, (_, index) => from + index + 1);
      const next = numbers.at(-1) ?? from;
      const parts = numbers.map(
        (number) =>
          `<Part><PartNumber>${number}</PartNumber><Size>7</Size><ETag>"e${number}"</ETag><ChecksumCRC32>AAAAAA==</ChecksumCRC32></Part>`,
      );
      response.end(
        `<ListPartsResult><IsTruncated>${next < 2_500}</IsTruncated><NextPartNumberMarker>${next}</NextPartNumberMarker>${parts.join('')}</ListPartsResult>`,
      );
    });
    const parts = (await storageAt(endpoint).listParts(KEY, 'upload')) ?? [];
    expect(markers).toEqual([null, '1000', '2000']);
    expect(parts.map(({ partNumber }) => partNumber)).toEqual(
      Array.from({ length: 2_500 }, (_, index) => index + 1),
    );
    expect(parts[1_999]).toEqual({ partNumber: 2_000, sizeBytes: 7, etag: 'e2000', checksum: 'AAAAAA==' });
  });

  it('lists open uploads page after page, and asks for none before it is needed', async () => {
    const asked: string[] = [];
    const endpoint = await openFakeS3(({ url = '' }, response) => {
      const query = new URL(url, 'http://s3').searchParams;
      asked.push(`${query.get('prefix')} ${query.get('key-marker')} ${query.get('upload-id-marker')}`);
      const page = asked.length;
      response.end(
        `<ListMultipartUploadsResult><IsTruncated>${page < 3}</IsTruncated><NextKeyMarker>k${page}</NextKeyMarker><NextUploadIdMarker>u${page}</NextUploadIdMarker><Upload><Key>k${page}</Key><UploadId>u${page}</UploadId><Initiated>2026-01-0${page}T00:00:00.000Z</Initiated></Upload></ListMultipartUploadsResult>`,
      );
    });
    const found: OpenMultipartUpload[] = [];
    for await (const upload of storageAt(endpoint).listMultipartUploads('acme/')) {
      found.push(upload);
      expect(asked).toHaveLength(found.length);
    }
    expect(asked).toEqual(['acme/ null null', 'acme/ k1 u1', 'acme/ k2 u2']);
    expect(found.map(({ objectKey, s3UploadId }) => objectKey + s3UploadId)).toEqual([
      'k1u1',
      'k2u2',
      'k3u3',
    ]);
    expect(found[2]?.initiatedAtMs).toBe(Date.UTC(2026, 0, 3));
  });

  it('gives up on lists whose next page is the same again', async () => {
    const endpoint = await openFakeS3(({ url = '' }, response) => {
      response.end(
        url.includes('uploadId=')
          ? '<ListPartsResult><IsTruncated>true</IsTruncated><NextPartNumberMarker>5</NextPartNumberMarker></ListPartsResult>'
          : '<ListMultipartUploadsResult><IsTruncated>true</IsTruncated><NextKeyMarker>k</NextKeyMarker></ListMultipartUploadsResult>',
      );
    });
    const storage = storageAt(endpoint);
    expect((await faultOf(() => storage.listParts(KEY, 'upload'))).reason).toBe('STORAGE_UNAVAILABLE');
    const uploads = () => gather(storage.listMultipartUploads(''));
    expect((await faultOf(uploads)).reason).toBe('STORAGE_UNAVAILABLE');
  });

  it.each([403, 301, 400])(
    'tells a HEAD that is answered %s from an object that is not there',
    async (status) => {
      const storage = storageAt(await openFakeS3(errorAnswer(status, '')));
      expect((await faultOf(() => storage.headObject(KEY))).reason).toBe('STORAGE_REFUSED');
    },
  );

  it('asks for the checksum, and tells a composite one by its value where S3 tells no type', async () => {
    const endpoint = await openFakeS3(({ headers }, response) => {
      expect(headers['x-amz-checksum-mode']).toBe('ENABLED');
      response.setHeader('content-length', 12);
      response.setHeader('etag', '"e-2"');
      response.setHeader('x-amz-version-id', 'v1');
      response.setHeader('x-amz-checksum-sha256', 'AAAA-2');
      response.end();
    });
    expect(await storageAt(endpoint).headObject(KEY)).toEqual({
      sizeBytes: 12,
      contentType: '',
      etag: 'e-2',
      versionId: 'v1',
      checksum: { algorithm: 'sha256', value: 'AAAA-2', type: 'composite' },
    });
  });

  it('keeps secrets out of what it rejects with, whatever S3 quotes', async () => {
    const { sessionToken, secretAccessKey } = FAKE_KEYS;
    const quote = `<CanonicalRequest>x-amz-security-token:${sessionToken} ${secretAccessKey}</CanonicalRequest>`;
    const storage = storageAt(await openFakeS3(errorAnswer(403, 'SignatureDoesNotMatch', quote)));
    const fault = await faultOf(() => storage.listParts(KEY, 'upload'));
    const cause = fault.cause as Error;
    const shown = JSON.stringify([fault, cause.message, Object.entries(cause), cause.stack]);
    expect(shown).toContain('403 SignatureDoesNotMatch');
    expect(shown).not.toContain(sessionToken);
    expect(shown).not.toContain(secretAccessKey);
  });

  it('asks for other credentials once S3 refuses those it has', async () => {
    const keys = ['OLDKEY', 'NEWKEY', 'OTHERKEY'];
    const credentials: CredentialProvider = async () => ({ ...FAKE_KEYS, accessKeyId: keys.shift() ?? '' });
    const endpoint = await openFakeS3((request, response) => {
      if (request.headers.authorization?.includes('OLDKEY') === true) {
        errorAnswer(403, 'InvalidAccessKeyId')(request, response);
      } else {
        errorAnswer(404, 'NoSuchUpload')(request, response);
      }
    });
    const storage = storageAt(endpoint, { credentials });
    expect((await faultOf(() => storage.listParts(KEY, 'upload'))).reason).toBe('STORAGE_REFUSED');
    expect(await storage.listParts(KEY, 'upload')).toBeUndefined();
    expect(await storage.listParts(KEY, 'upload')).toBeUndefined();
    expect(keys).toEqual(['OTHERKEY']);
  });

  it('answers that it cannot sign while there are no credentials, and goes on once there are', async () => {
    const endpoint = await openFakeS3(errorAnswer(404, 'NoSuchUpload'));
    let there = false;
    const credentials: CredentialProvider = async () => {
      if (!there) throw new Error('nobody home');
      return FAKE_KEYS;
    };
    const storage = storageAt(endpoint, { credentials });
    const fault = await faultOf(() => storage.listParts(KEY, 'upload'));
    expect(fault.reason).toBe('SIGNING_UNAVAILABLE');
    there = true;
    expect(await storage.listParts(KEY, 'upload')).toBeUndefined();
  });

  it('refuses headers that it could not hand on', async () => {
    const storage = storageAt('http://127.0.0.1:9');
    const plan = {
      objectKey: KEY,
      sizeBytes: 1,
      ttlSeconds: 1,
      headers: { 'content-type': 'a/b', 'if-none-match': '*' },
      partSizeBytes: 1,
      partCount: 1,
      checksum: undefined,
    };
    await expect(storage.createMultipartUpload(plan)).rejects.toThrow(TypeError);
  });

  it('tells, of refusals too, that the bucket is in another region than the one that is signed for', async () => {
    const told: string[][] = [];
    for (const region of ['eu-west-1', 'us-east-1']) {
      const url = await openFakeS3((_, response) => {
        response.writeHead(403, { 'x-amz-bucket-region': region }).end();
      });
      const storage = storageAt(url, { onOtherRegion: (...regions) => told.push(regions) });
      await faultOf(() => storage.headObject(KEY));
    }
    expect(told).toEqual([['eu-west-1', 'us-east-1']]);
  });

  it('tells of the time that every answer bears, refusals among them', async () => {
    const dates = ['Fri, 27 Nov 2026 10:00:00 GMT', 'Fri, 27 Nov 2026 10:00:07 GMT', 'yesterday'];
    let answers = 0;
    const endpoint = await openFakeS3((_, response) => {
      response.setHeader('date', dates[answers] ?? '');
      response.statusCode = answers === 0 ? 404 : 200;
      answers += 1;
      response.end();
    });
    const told: number[] = [];
    const storage = createObjectStorage({
      bucket: 'bucket',
      region: 'us-east-1',
      endpoint,
      forcePathStyle: true,
      credentials: async () => FAKE_KEYS,
      onServerDate: (dateMs) => told.push(dateMs),
    });
    for (const _ of dates) await storage.headObject(KEY).catch(() => {});
    storage.close();
    expect(told).toEqual([Date.UTC(2026, 10, 27, 10, 0, 0), Date.UTC(2026, 10, 27, 10, 0, 7)]);
  });
});

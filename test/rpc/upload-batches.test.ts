import { Code } from '@connectrpc/connect';
import { describe, expect, it } from 'vitest';
import { UploadService } from '../../gen/upload/v1/upload_service_pb.js';
import type { KeyRateVerdict } from '../../src/quota/key-limiter.ts';
import { echoUploads } from '../support/echo-uploads.ts';
import { SECRET_CAUSE, TOKENS } from '../support/test-doors.ts';
import { createUploadClient } from './in-memory.ts';

const { method } = UploadService;
const FILE = { filename: 'a.txt', contentType: 'text/plain', size: 42n };
const { call, record } = createUploadClient();

describe('a batch of uploads', () => {
  it('answers each by itself, in the order of the request, with the errors that REST would have', async () => {
    const uploads = [
      FILE,
      { ...FILE, filename: '', size: -1n },
      { ...FILE, filename: 'unavailable' },
      { ...FILE, filename: 'internal' },
      { ...FILE, filename: 'b.txt', kind: 'multipart' },
    ];
    const { results } = await call(method.batchCreateUploads, { uploads }, TOKENS.good);
    expect(results.map(({ result }) => result)).toMatchObject([
      { case: 'upload', value: { kind: 'put', fileKey: 'uploads/acme/1/a.txt' } },
      {
        case: 'error',
        value: {
          error: 'Bad Request',
          message: 'The request contains invalid parameters or malformed data',
          code: 400,
          details: [
            { field: 'filename', message: 'is required' },
            { field: 'size', message: 'must be at least 0' },
          ],
        },
      },
      {
        case: 'error',
        value: { error: 'Service Unavailable', code: 503, details: [], requestId: record.requestId },
      },
      {
        case: 'error',
        value: { error: 'Internal Server Error', code: 500, requestId: record.requestId },
      },
      { case: 'upload', value: { kind: 'multipart' } },
    ]);
    expect(
      JSON.stringify(results, (_, value) => (typeof value === 'bigint' ? `${value}` : value)),
    ).not.toContain(SECRET_CAUSE);
    expect(record.cause).toMatchObject({ message: SECRET_CAUSE });
  });

  it('takes a hundred and not one more', async () => {
    const { results } = await call(
      method.batchCreateUploads,
      { uploads: Array(100).fill(FILE) },
      TOKENS.good,
    );
    expect(results.map(({ result }) => result.case)).toEqual(Array(100).fill('upload'));
    for (const uploads of [Array(101).fill(FILE), []]) {
      await expect(call(method.batchCreateUploads, { uploads }, TOKENS.good)).rejects.toMatchObject({
        code: Code.InvalidArgument,
      });
    }
  });

  it('has few items under way at the same time, and keeps their order', async () => {
    let underWay = 0;
    let most = 0;
    const { call: slow } = createUploadClient({
      create: async (...asked) => {
        underWay += 1;
        most = Math.max(most, underWay);
        await new Promise((resolve) => setTimeout(resolve, asked[0].filename === '0' ? 20 : 1));
        underWay -= 1;
        return echoUploads.create(...asked);
      },
    });
    const names = Array.from({ length: 30 }, (_, index) => `${index}`);
    const uploads = names.map((filename) => ({ ...FILE, filename }));
    const { results } = await slow(method.batchCreateUploads, { uploads }, TOKENS.good);
    expect(results.map(({ result }) => result.case === 'upload' && result.value.fileKey)).toEqual(
      names.map((name) => `uploads/acme/1/${name}`),
    );
    expect(most).toBe(8);
  });

  it('gives each item an idempotency key of its own, which no single call can have', async () => {
    const uploads = [FILE, FILE];
    const { results } = await call(method.batchCreateUploads, { uploads }, TOKENS.good, {
      'idempotency-key': 'k',
    });
    expect(results.map(({ result }) => result.case === 'upload' && result.value.uploadId)).toEqual([
      'id-of-a.txt-k%0A0',
      'id-of-a.txt-k%0A1',
    ]);
  });

  it('is no way around the rate limit of the key', async () => {
    let left = 3;
    const take = (): KeyRateVerdict => {
      left -= 1;
      return {
        plan: 'free',
        requests: 3,
        windowMs: 60_000,
        allowed: left >= 0,
        remaining: Math.max(0, left),
        retryAfterMs: left >= 0 ? 0 : 20_000,
        resetMs: 60_000,
      };
    };
    const { call: limited, headers } = createUploadClient({}, { take });
    const { results } = await limited(
      method.batchCreateUploads,
      { uploads: Array(5).fill(FILE) },
      TOKENS.good,
    );
    expect(results.map(({ result }) => (result.case === 'error' ? result.value.code : result.case))).toEqual([
      'upload',
      'upload',
      'upload',
      429,
      429,
    ]);
    expect(headers.get('x-ratelimit-remaining')).toBe('0');
  });
});

it('a batch of downloads answers each by itself', async () => {
  const downloads = [{ fileKey: 'a' }, { uploadId: 'unknown' }, { fileKey: '' }, { uploadId: 'b' }];
  const { results } = await call(method.batchCreateDownloads, { downloads }, TOKENS.good);
  expect(results.map(({ result }) => result)).toMatchObject([
    { case: 'download', value: { fileKey: 'a' } },
    { case: 'error', value: { code: 404, message: 'There is no such upload' } },
    { case: 'error', value: { code: 400, details: [{ field: 'fileKey', message: 'must not be empty' }] } },
    { case: 'download', value: { fileKey: 'b' } },
  ]);
});

// `buf curl` is Connect's reference client in Go, and what people reach for: it knows the service only by what the
// service says of itself.
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UNREACHABLE_S3 } from '../support/sandbox.ts';
import { openService, type Service } from '../support/service.ts';
import { type Finished, runTool } from '../support/tool.ts';

const ROOT = join(import.meta.dirname, '../..');
const BUF = join(ROOT, 'node_modules/.bin/buf');
const METHOD = 'upload.v1.UploadService/CreateS3Upload';

const SERVED_METHODS = [
  ...[
    'CreateApiKey',
    'GetApiKey',
    'ListApiKeys',
    'RevokeApiKey',
    'RotateApiKey',
    'UpdateApiKey',
    'WhoAmI',
  ].map((method) => `apikeys.v1.ApiKeyService/${method}`),
  'grpc.health.v1.Health/Check',
  'grpc.health.v1.Health/List',
  'grpc.health.v1.Health/Watch',
  'grpc.reflection.v1.ServerReflection/ServerReflectionInfo',
  'grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo',
  ...[
    'AbortUpload',
    'BatchCreateDownloads',
    'BatchCreateUploads',
    'CompleteUpload',
    'CreateDownload',
    'CreateS3Upload',
    'CreateUpload',
    'CreateUploadToken',
    'GetUpload',
    'ListParts',
    'SignParts',
  ].map((method) => `upload.v1.UploadService/${method}`),
];

/** Reflection needs HTTP/2 and pulls the call along; over HTTP/1.1 the client has to be given the schema. */
const BY_SCHEMA = ['--schema', join(ROOT, 'proto')] as const;

const WAYS = [
  { name: 'Connect, HTTP/2', protocol: 'connect', args: [], http: 'HTTP/2.0' },
  { name: 'gRPC, HTTP/2', protocol: 'grpc', args: [], http: 'HTTP/2.0' },
  { name: 'gRPC-Web, HTTP/2', protocol: 'grpcweb', args: [], http: 'HTTP/2.0' },
  { name: 'Connect, HTTP/1.1', protocol: 'connect', args: BY_SCHEMA, http: 'HTTP/1.1' },
  { name: 'gRPC-Web, HTTP/1.1', protocol: 'grpcweb', args: BY_SCHEMA, http: 'HTTP/1.1' },
] as const;

const VALID = { filename: 'John Doe', contentType: 'example_string', size: 42 };

/** The exit code of `buf curl` is the gRPC code, times eight. */
const exitCode = { ok: 0, invalidArgument: 3 * 8, permissionDenied: 7 * 8, unauthenticated: 16 * 8 } as const;

describe('buf curl', () => {
  let service: Service;
  beforeAll(async () => {
    service = await openService(UNREACHABLE_S3);
  });
  afterAll(() => service[Symbol.asyncDispose]());

  function bufCurl(path: string, args: readonly string[]): Promise<Finished> {
    return runTool(BUF, ['curl', ...args, service.url + path], { cwd: service.sandbox.folder });
  }

  function createUpload(
    way: (typeof WAYS)[number],
    request: unknown,
    token: string | undefined = service.token,
  ): Promise<Finished> {
    const key = token === '' ? [] : ['-H', `Authorization: Bearer ${token}`];
    const data = ['-d', JSON.stringify(request)];
    return bufCurl(`/${METHOD}`, ['--protocol', way.protocol, ...way.args, ...key, ...data, '-v']);
  }

  describe.each(WAYS)('over $name', (way) => {
    it('gets an upload', async () => {
      const { code, stdout, stderr } = await createUpload(way, VALID);
      expect(code).toBe(exitCode.ok);
      expect(stderr).toMatch(new RegExp(`^buf: < \\(#\\d\\) ${way.http} 200 OK$`, 'm'));
      expect(stderr).not.toMatch(way.http === 'HTTP/1.1' ? 'HTTP/2' : 'HTTP/1.1');
      expect(JSON.parse(stdout)).toEqual({
        uploadUrl: expect.stringMatching(/^http:\/\/127\.0\.0\.1:9\/uploads\/.*X-Amz-Signature=[0-9a-f]{64}/),
        publicUrl: expect.stringMatching(/^http:\/\/127\.0\.0\.1:9\/uploads\/[^?]+$/),
        fileKey: expect.stringMatching(/^default\/.*\/John-Doe$/),
        method: 'PUT',
        headers: { 'content-length': '42', 'content-type': 'example_string' },
        expiresAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      });
    });

    it('shows each wrong field', async () => {
      const { code, stderr } = await createUpload(way, { filename: '', contentType: ' x', size: -1 });
      expect(code).toBe(exitCode.invalidArgument);
      const { code: name, message, details } = errorFrom(stderr);
      expect(name).toBe('invalid_argument');
      expect(message).toMatch(/^filename: .*; contentType: .*; size: /);
      const [badRequest] = details;
      expect(badRequest?.type).toBe('google.rpc.BadRequest');
      const inside = Buffer.from(badRequest?.value ?? '', 'base64').toString('latin1');
      for (const field of ['filename', 'contentType', 'size']) expect(inside).toContain(field);
    });

    it('is told that it needs a key', async () => {
      const { code, stderr } = await createUpload(way, VALID, '');
      expect(code).toBe(exitCode.unauthenticated);
      expect(errorFrom(stderr)).toMatchObject({
        code: 'unauthenticated',
        message: 'Authentication required. Please provide a valid API token',
      });
    });
  });

  it.each(WAYS)('gets plans, each by itself, over $name', async ({ protocol, args }) => {
    const uploads = [
      VALID,
      { ...VALID, filename: '' },
      { filename: 'a', contentType: 'image/*', maxSize: 5 },
    ];
    const { code, stdout } = await bufCurl('/upload.v1.UploadService/BatchCreateUploads', [
      ...['--protocol', protocol, ...args, '-H', `Authorization: Bearer ${service.token}`],
      ...['-d', JSON.stringify({ uploads })],
    ]);
    expect(code).toBe(exitCode.ok);
    expect(JSON.parse(stdout).results).toMatchObject([
      { upload: { kind: 'put', put: { method: 'PUT' } } },
      { error: { code: 400, details: [{ field: 'filename', message: 'is required' }] } },
      { upload: { kind: 'form', form: { maxSize: '5', contentTypePrefix: 'image/' } } },
    ]);
  });

  it('is told which scope its key lacks', async () => {
    const { token } = await service.sandbox.createKey(['--scopes', 'uploads:read']);
    const { code, stderr } = await createUpload(WAYS[1], VALID, token);
    expect(code).toBe(exitCode.permissionDenied);
    expect(errorFrom(stderr).message).toContain('uploads:create');
  });

  it.each(['grpc-v1', 'grpc-v1alpha'])(
    'lists every method by reflection %s, without a key',
    async (protocol) => {
      const { code, stdout } = await bufCurl('', ['--list-methods', '--reflect-protocol', protocol]);
      expect(code).toBe(exitCode.ok);
      expect(stdout.trim().split('\n')).toEqual(SERVED_METHODS);
    },
  );

  it.each(['grpc-v1', 'grpc-v1alpha'])('finds the schema by reflection %s', async (protocol) => {
    const args = ['--reflect-protocol', protocol, '-d', JSON.stringify(VALID)];
    const { code, stdout } = await bufCurl(`/${METHOD}`, [
      ...args,
      '-H',
      `Authorization: Bearer ${service.token}`,
    ]);
    expect(code).toBe(exitCode.ok);
    expect(JSON.parse(stdout).method).toBe('PUT');
  });

  it('sees that the service is healthy', async () => {
    for (const name of ['', 'upload.v1.UploadService']) {
      const { stdout } = await bufCurl('/grpc.health.v1.Health/Check', [
        '-d',
        JSON.stringify({ service: name }),
      ]);
      expect(JSON.parse(stdout)).toEqual({ status: 'SERVING' });
    }
  });
});

interface ShownError {
  readonly code: string;
  readonly message: string;
  readonly details: readonly { readonly type: string; readonly value: string }[];
}

/** The error, which is printed among the trace of the call. */
function errorFrom(stderr: string): ShownError {
  const lines = stderr.split('\n').filter((line) => !line.startsWith('buf: '));
  return JSON.parse(lines.join('\n'));
}

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import http from 'node:http';
import { connect } from 'node:net';
import path from 'node:path';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  GetObjectTaggingCommand,
  ListPartsCommand,
  PutObjectAclCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { createPresignedPost } from '@aws-sdk/s3-presigned-post';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openLocalS3 } from '../../../src/local-s3/server.ts';
import { sdkOutcome } from '../../contract/s3/client.ts';
import { send } from '../../contract/s3/http.ts';
import { presignWithHeaders } from '../../contract/s3/signed-put.ts';
import { clientOf, startLocalS3, temporaryRoot } from './local-s3-fixture.ts';
import { BUCKET, localS3Options, PUBLIC_BUCKET } from './local-s3-options.ts';

describe('starting', () => {
  /** It has one pair of keys that everyone on the machine may know: it must not serve anyone else. */
  it('refuses production, and every address but loopback, without touching the folder', async () => {
    const root = path.join(await temporaryRoot(), 'never-made');
    await expect(openLocalS3(localS3Options(root, { nodeEnv: 'production' }))).rejects.toThrow(
      'NODE_ENV=production',
    );
    for (const host of [
      '0.0.0.0',
      '::',
      '192.168.1.2',
      '::ffff:127.0.0.1.example',
      'localhost',
      'example.com',
      '',
    ])
      await expect(openLocalS3(localS3Options(root, { host }))).rejects.toThrow('loopback only');
    await expect(readdir(root)).rejects.toThrow('ENOENT');
  });

  it('listens on any loopback address', async () => {
    const { server, s3 } = await startLocalS3(await temporaryRoot(), { host: '127.0.0.2' });
    expect(server.url).toBe(`http://127.0.0.2:${server.port}`);
    await s3.put('k', 'x');
  });

  it('refuses bad names of buckets, and public buckets that are not there', async () => {
    const root = await temporaryRoot();
    for (const bucket of ['Upper', 'a', 'a..b', '1.2.3.4', '-ab', 'ab-', 'x'.repeat(64), '../x'])
      await expect(
        openLocalS3(localS3Options(root, { buckets: [bucket], publicReadBuckets: [] })),
      ).rejects.toThrow();
    await expect(openLocalS3(localS3Options(root, { publicReadBuckets: ['other'] }))).rejects.toThrow(
      'public bucket other',
    );
    const { s3 } = await startLocalS3(root);
    await s3.put('k', 'x');
  });

  it('leaves the folder free for a next try when the port is taken', async () => {
    const { server } = await startLocalS3(await temporaryRoot());
    const root = await temporaryRoot();
    await expect(openLocalS3(localS3Options(root, { port: server.port }))).rejects.toMatchObject({
      code: 'EADDRINUSE',
    });
    await startLocalS3(root);
  });

  it('finds objects, metadata and open uploads again', async () => {
    const root = await temporaryRoot();
    const first = await startLocalS3(root);
    await first.s3.put('kept', 'kept', { Metadata: { who: 'ann' } });
    const upload = { Bucket: BUCKET, Key: 'parts' };
    const { UploadId } = await first.s3.client.send(new CreateMultipartUploadCommand(upload));
    await send('PUT', await first.s3.presignPart({ ...upload, UploadId, PartNumber: 1 }), { body: 'part' });
    await first.stop();
    const { s3 } = await startLocalS3(root);
    const read = await s3.get('kept');
    expect([read.body.toString(), read.headers['x-amz-meta-who']]).toEqual(['kept', 'ann']);
    const { Parts = [] } = await s3.client.send(new ListPartsCommand({ ...upload, UploadId }));
    expect(Parts.map(({ Size }) => Size)).toEqual([4]);
  });
});

describe('being killed', () => {
  it('loses no stored object and keeps nothing of an upload on its way', async () => {
    const root = await temporaryRoot();
    const child = fork(path.join(import.meta.dirname, 'server-child.ts'), [root], { execArgv: [] });
    onTestFinished(() => void child.kill('SIGKILL'));
    const [url] = (await once(child, 'message')) as [string];
    const s3 = clientOf(url);
    await s3.put('kept', 'kept');
    const uploading = send('PUT', await s3.presignPut({ Key: 'kept' }), {
      body: Buffer.alloc(200_000),
      headers: { 'content-length': '400000' },
    });
    const blobs = path.join(root, 'blobs');
    await expect.poll(async () => (await readdir(blobs)).length).toBe(2);
    child.kill('SIGKILL');
    await expect(uploading).rejects.toThrow();
    s3.destroy();
    const { s3: again } = await startLocalS3(root);
    expect((await again.get('kept')).body.toString()).toBe('kept');
    expect(await readdir(blobs)).toHaveLength(1);
  });
});

describe('closing', () => {
  it('ends within seconds although an upload hangs, and stores nothing of it', async () => {
    const root = await temporaryRoot();
    const { s3, stop } = await startLocalS3(root);
    const uploading = send('PUT', await s3.presignPut({ Key: 'hanging' }), {
      body: Buffer.alloc(1000),
      headers: { 'content-length': '2000' },
    });
    const refused = expect(uploading).rejects.toThrow();
    await expect.poll(async () => (await readdir(path.join(root, 'blobs'))).length).toBe(1);
    await stop();
    await refused;
    expect(await readdir(path.join(root, 'blobs'))).toEqual([]);
  });
});

describe('while others write', () => {
  it('answers every read with one whole version', async () => {
    const { s3 } = await startLocalS3(await temporaryRoot());
    const versions = ['a', 'b', 'c', 'd'].map((letter) => letter.repeat(300_000));
    await s3.put('k', versions[0] ?? '');
    const reads = Array.from({ length: 30 }, () => s3.get('k'));
    const writes = versions.map((version) => s3.put('k', version));
    const seen = (await Promise.all(reads)).map(({ body }) => body.toString());
    for (const text of seen) expect(versions.includes(text)).toBe(true);
    await Promise.all(writes);
    expect(versions).toContain((await s3.get('k')).body.toString());
  });

  it('keeps one of many parts that are sent for the same number', async () => {
    const root = await temporaryRoot();
    const { s3 } = await startLocalS3(root);
    const upload = { Bucket: BUCKET, Key: 'k' };
    const { UploadId } = await s3.client.send(new CreateMultipartUploadCommand(upload));
    const url = await s3.presignPart({ ...upload, UploadId, PartNumber: 1 });
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, index) => send('PUT', url, { body: `part ${index}` })),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 8 }, () => 200));
    const { Parts = [] } = await s3.client.send(new ListPartsCommand({ ...upload, UploadId }));
    expect(Parts).toHaveLength(1);
    expect(answers.map(({ headers }) => headers.etag)).toContain(Parts[0]?.ETag);
    expect(await readdir(path.join(root, 'blobs'))).toHaveLength(1);
  });
});

describe('uploads that come too late', () => {
  it('refuses a part whose upload was aborted while it was on its way, and keeps nothing of it', async () => {
    const root = await temporaryRoot();
    const { s3 } = await startLocalS3(root);
    const upload = { Bucket: BUCKET, Key: 'k' };
    const { UploadId } = await s3.client.send(new CreateMultipartUploadCommand(upload));
    const url = await s3.presignPart({ ...upload, UploadId, PartNumber: 1 });
    const sending = http.request(url, { method: 'PUT', headers: { 'content-length': '4' }, agent: false });
    const answering = once(sending, 'response');
    sending.write('ha');
    await expect.poll(() => readdir(path.join(root, 'blobs'))).toHaveLength(1);
    await s3.client.send(new AbortMultipartUploadCommand({ ...upload, UploadId }));
    sending.end('lf');
    const [answer] = (await answering) as [http.IncomingMessage];
    expect(answer.statusCode).toBe(404);
    expect(Buffer.concat(await answer.toArray()).toString()).toContain('<Code>NoSuchUpload</Code>');
    expect(await readdir(path.join(root, 'blobs'))).toEqual([]);
  });

  it('keeps nothing of a form that lacks its end, or has two files', async () => {
    const root = await temporaryRoot();
    const { s3 } = await startLocalS3(root);
    const { url, fields } = await createPresignedPost(s3.client, { Bucket: BUCKET, Key: 'k' });
    const post = async (files: number, missingBytes = 0) => {
      const form = new FormData();
      for (const [name, value] of Object.entries(fields)) form.set(name, value);
      for (let file = 0; file < files; file++) form.append('file', new Blob(['whole']), 'file');
      const encoded = new Response(form);
      const contentType = encoded.headers.get('content-type') ?? '';
      const body = Buffer.from(await encoded.arrayBuffer());
      const sent = body.subarray(0, body.length - missingBytes);
      return (await send('POST', url, { body: sent, headers: { 'content-type': contentType } })).outcome;
    };
    expect(await post(1, 10)).toBe('400 MalformedPOSTRequest');
    expect(await post(2)).toBe('400 InvalidArgument');
    expect(await readdir(path.join(root, 'blobs'))).toEqual([]);
    expect(await post(1)).toBe('204');
    expect((await s3.get('k')).body.toString()).toBe('whole');
  });
});

describe('public buckets', () => {
  /** Reading objects is all that is public: not what is being uploaded, nor where else a URL leads. */
  it('do not show uploads, parts or settings to those without keys', async () => {
    const { server, s3 } = await startLocalS3(await temporaryRoot());
    const upload = { Bucket: PUBLIC_BUCKET, Key: 'k' };
    const { UploadId } = await s3.client.send(new CreateMultipartUploadCommand(upload));
    const bucket = `${server.url}/${PUBLIC_BUCKET}`;
    for (const url of [
      `${bucket}/k?uploadId=${UploadId}`,
      `${bucket}?uploads=`,
      `${bucket}?location=`,
      `${server.url}/`,
    ])
      expect((await send('GET', url)).outcome).toBe('403 AccessDenied');
    expect((await send('GET', `${bucket}/k?acl=`)).status).toBe(501);
  });
});

describe('what is not implemented', () => {
  it('is answered 501, and changes nothing', async () => {
    const { s3 } = await startLocalS3(await temporaryRoot());
    await s3.put('k', 'kept');
    const object = { Bucket: BUCKET, Key: 'k' };
    for (const command of [
      new CopyObjectCommand({ ...object, Key: 'copy', CopySource: `${BUCKET}/k` }),
      new PutObjectAclCommand({ ...object, ACL: 'public-read' }),
      new PutObjectTaggingCommand({ ...object, Tagging: { TagSet: [] } }),
    ] as const)
      expect(await sdkOutcome(s3.client.send(command as CopyObjectCommand))).toBe('501 NotImplemented');
    expect((await s3.get('copy')).status).toBe(404);
    expect((await s3.get('k')).body.toString()).toBe('kept');
  });

  /** A header that is ignored with an answer of 200 looks as if it had been obeyed. */
  it.each([
    ['encryption', { 'x-amz-server-side-encryption': 'AES256' }],
    ['a header of the future', { 'x-amz-something-new': '1' }],
    ['another condition', { 'if-match': '"x"' }],
    ['If-None-Match with an ETag', { 'if-none-match': '"x"' }],
    ['a signed chunked body', { 'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD' }],
    ['aws-chunked without a streaming hash', { 'content-encoding': 'aws-chunked' }],
  ])('is answered 501 in the headers of a PUT: %s', async (_, headers) => {
    const { s3 } = await startLocalS3(await temporaryRoot());
    const url = await presignWithHeaders(s3, 'k', headers);
    const answer = await send('PUT', url, { body: 'x', headers });
    expect(answer.outcome).toBe('501 NotImplemented');
    expect((await s3.get('k')).status).toBe(404);
  });

  it('is answered 501 in the headers of a part: what only a whole object has', async () => {
    const { s3 } = await startLocalS3(await temporaryRoot());
    const { UploadId } = await s3.client.send(new CreateMultipartUploadCommand({ Bucket: BUCKET, Key: 'k' }));
    const command = new UploadPartCommand({ Bucket: BUCKET, Key: 'k', UploadId, PartNumber: 1 });
    command.middlewareStack.add(
      (next) => (args) => {
        const { request } = args as { request: { headers: Record<string, string> } };
        request.headers['x-amz-tagging'] = 'a=b';
        return next(args);
      },
      { step: 'build', name: 'addTags' },
    );
    expect(await sdkOutcome(s3.client.send(command))).toBe('501 NotImplemented');
  });

  it('is answered 501 in the query of a presigned URL', async () => {
    const { s3 } = await startLocalS3(await temporaryRoot());
    for (const input of [{ ACL: 'public-read' }, { Tagging: 'a=b' }] as const)
      expect((await send('PUT', await s3.presignPut({ Key: 'k', ...input }), { body: 'x' })).outcome).toBe(
        '501 NotImplemented',
      );
    expect((await send('GET', await s3.presignGet({ Key: 'k', VersionId: '1' }))).outcome).toBe(
      '501 NotImplemented',
    );
  });
});

describe('attributes of an object', () => {
  async function put(headers: Record<string, string>) {
    const { server, s3 } = await startLocalS3(await temporaryRoot());
    const url = await presignWithHeaders(s3, 'k', headers);
    const { outcome } = await send('PUT', url, { body: 'x', headers });
    return { server, s3, outcome };
  }

  it.each([
    ['400 InvalidTag', { 'x-amz-tagging': 'a=b&a=c' }],
    ['400 InvalidTag', { 'x-amz-tagging': '=b' }],
    ['400 InvalidTag', { 'x-amz-tagging': 'aws:a=b' }],
    ['400 InvalidTag', { 'x-amz-tagging': 'a=%3Cb%3E' }],
    ['400 InvalidTag', { 'x-amz-tagging': Array.from({ length: 11 }, (_, i) => `k${i}=v`).join('&') }],
    ['400 InvalidStorageClass', { 'x-amz-storage-class': 'COLD' }],
    ['400 AccessControlListNotSupported', { 'x-amz-acl': 'public-read' }],
  ])('are refused with %s where they are %j', async (refusal, headers) => {
    const { s3, outcome } = await put(headers);
    expect(outcome).toBe(refusal);
    expect((await s3.get('k')).status).toBe(404);
  });

  it('count tags for readers, and list them for nobody who may not list', async () => {
    const { server, s3 } = await put({ 'x-amz-tagging': 'a=b&c=' });
    expect((await s3.get('k')).headers['x-amz-tagging-count']).toBe('2');
    const { TagSet } = await s3.client.send(new GetObjectTaggingCommand({ Bucket: BUCKET, Key: 'k' }));
    expect(TagSet).toEqual([
      { Key: 'a', Value: 'b' },
      { Key: 'c', Value: '' },
    ]);
    expect((await send('GET', `${server.url}/${PUBLIC_BUCKET}/k?tagging=`)).outcome).toBe('403 AccessDenied');
  });

  it('keep archived content from being read before it is restored, which nobody can', async () => {
    const { s3 } = await put({ 'x-amz-storage-class': 'DEEP_ARCHIVE' });
    expect((await s3.get('k')).outcome).toBe('403 InvalidObjectState');
    const head = await send('HEAD', await s3.presignHead('k'));
    expect([head.status, head.headers['x-amz-storage-class']]).toEqual([200, 'DEEP_ARCHIVE']);
  });

  it('stay with an object that was uploaded in parts', async () => {
    const { s3 } = await startLocalS3(await temporaryRoot());
    const object = { Bucket: BUCKET, Key: 'k' };
    const { UploadId } = await s3.client.send(
      new CreateMultipartUploadCommand({ ...object, Tagging: 'a=b', StorageClass: 'STANDARD_IA' }),
    );
    const part = await s3.client.send(
      new UploadPartCommand({ ...object, UploadId, PartNumber: 1, Body: 'x' }),
    );
    const MultipartUpload = { Parts: [{ PartNumber: 1, ETag: part.ETag }] };
    await s3.client.send(new CompleteMultipartUploadCommand({ ...object, UploadId, MultipartUpload }));
    const { headers } = await s3.get('k');
    expect([headers['x-amz-tagging-count'], headers['x-amz-storage-class']]).toEqual(['1', 'STANDARD_IA']);
  });
});

describe('requests', () => {
  it('may name the bucket in the host', async () => {
    const { server, s3 } = await startLocalS3(await temporaryRoot());
    const object = { Bucket: PUBLIC_BUCKET, Key: 'a/b c', Body: 'for all' };
    await s3.client.send(new PutObjectCommand(object));
    const read = (host: string) =>
      send('GET', `${server.url}/a/b%20c`, { headers: { host: `${host}.localhost:${server.port}` } });
    expect((await read(PUBLIC_BUCKET)).body.toString()).toBe('for all');
    expect((await read(BUCKET)).outcome).toBe('403 AccessDenied');
  });

  it('that are refused early are read to their end, so that the client can read the refusal', async () => {
    const { s3 } = await startLocalS3(await temporaryRoot());
    const url = (await s3.presignPut({ Key: 'k' })).replace(/X-Amz-Signature=./, 'X-Amz-Signature=z');
    const answers = await Promise.all(
      Array.from({ length: 4 }, () => send('PUT', url, { body: Buffer.alloc(8 * 2 ** 20) })),
    );
    expect(answers.map(({ outcome }) => outcome)).toEqual(
      Array.from({ length: 4 }, () => '403 SignatureDoesNotMatch'),
    );
  });

  it('that fail inside are told apart from bad ones, without telling why', async () => {
    const errors: unknown[] = [];
    const { s3 } = await startLocalS3(await temporaryRoot(), {
      onInternalError: (error) => errors.push(error),
      wallClockMs: () => {
        if (new Error().stack?.includes('putObject')) throw new Error('a secret of the machine');
        return Date.now();
      },
    });
    const answer = await send('PUT', await s3.presignPut({ Key: 'k' }), { body: 'x' });
    expect(answer.outcome).toBe('500 InternalError');
    expect(answer.body.toString()).not.toContain('secret');
    expect(String(errors)).toContain('a secret of the machine');
  });

  it.each([
    ['no HTTP', 'hello\r\n\r\n'],
    ['no host', 'GET / HTTP/1.1\r\n\r\n'],
    ['an absolute target', 'GET http://x/ HTTP/1.1\r\nhost: x\r\n\r\n'],
    ['a target that is a star', 'OPTIONS * HTTP/1.1\r\nhost: x\r\n\r\n'],
    ['a target that is not UTF-8', 'GET /b/%ff HTTP/1.1\r\nhost: x\r\n\r\n'],
    ['two lengths', 'PUT /b/k HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nx'],
    [
      'a length and chunks',
      'PUT /b/k HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
  ])('with %s are answered 400, and the endpoint lives on', async (_, text) => {
    const { server, s3 } = await startLocalS3(await temporaryRoot());
    const socket = connect(server.port, '127.0.0.1');
    onTestFinished(() => void socket.destroy());
    socket.write(text);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 400 /);
    await s3.put('k', 'x');
  });
});

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { describeWith } from '../support/available.ts';
import { sendHttp1 } from '../support/http-requests.ts';
import { openDevService, openServiceOnMinio, type Service } from '../support/service.ts';
import { guardChild } from '../support/tool.ts';

const MIB = 1_048_576;
const FILE_BYTES = 300 * MIB;
const NODE = join(import.meta.dirname, '../../node_modules/.bin/node');
const CLIENT = join(import.meta.dirname, 'clients/resume-upload.mjs');

/** Writes a file in which no two MiB are alike, and answers its SHA-256. */
async function writeFile(path: string): Promise<string> {
  const digest = createHash('sha256');
  const file = await open(path, 'w');
  for (let index = 0; index < FILE_BYTES / MIB; index += 1) {
    const block = Buffer.alloc(MIB, createHash('sha512').update(String(index)).digest());
    digest.update(block);
    await file.write(block);
  }
  await file.close();
  return digest.digest('hex');
}

interface Client {
  /** Resolves when so many parts were sent. */
  sent(parts: number): Promise<void>;
  /** Ends it as a crash would. */
  kill(): Promise<void>;
  /** The last line that it printed, when it has ended by itself. */
  ended(): Promise<string>;
}

function startClient(baseUrl: string, token: string, uploadId: string, path: string): Client {
  const child = spawn(NODE, [CLIENT, baseUrl, uploadId, path], {
    env: { PATH: process.env['PATH'] ?? '', UPLOAD_KEY: token },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  guardChild(child);
  const closed = once(child, 'close');
  const lines: string[] = [];
  const reader = createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line);
    child.emit('printed');
  });
  child.once('close', () => child.emit('printed'));
  const sentParts = () => lines.filter((line) => line.startsWith('sent ')).length;
  return {
    sent: async (parts) => {
      while (sentParts() < parts) {
        if (child.exitCode !== null) throw new Error(`the client ended: ${lines.at(-1)}`);
        await once(child, 'printed');
      }
    },
    kill: async () => {
      child.kill('SIGKILL');
      await closed;
    },
    ended: async () => {
      await closed;
      reader.close();
      return lines.at(-1) ?? '';
    },
  };
}

/** Nothing is kept on the server: what was sent is in S3, and all else is in the upload id. */
function describeResume(open: () => Promise<Service>, hasSecond: boolean): void {
  let service: Service;
  beforeAll(async () => {
    service = await open();
  });
  afterAll(() => service[Symbol.asyncDispose]());

  async function call(baseUrl: string, method: string, path: string, body?: object) {
    const { status, body: text } = await sendHttp1(baseUrl + path, {
      method,
      headers: { 'content-type': 'application/json', authorization: `Bearer ${service.token}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status, answer: JSON.parse(text) };
  }

  it('of 300 MiB survives the death of its client, and of the service', async () => {
    const path = join(service.sandbox.folder, 'film.bin');
    const sha256 = await writeFile(path);
    const second = hasSecond ? await service.sandbox.start('serve') : undefined;
    const request = { filename: 'film.bin', contentType: 'video/x-test', size: FILE_BYTES };
    const { status, answer } = await call(service.url, 'POST', '/v1/uploads', request);
    expect(status).toBe(200);
    expect(answer).toMatchObject({ kind: 'multipart', multipart: { partCount: 19, partSize: 16 * MIB } });
    const { uploadId } = answer;
    const start = (baseUrl: string) => startClient(baseUrl, service.token, uploadId, path);

    const first = start(service.url);
    await first.sent(4);
    await first.kill();
    const listed = await call(service.url, 'GET', `/v1/uploads/${uploadId}/parts`);
    expect(listed.answer.parts.length).toBeGreaterThanOrEqual(4);
    expect(listed.answer.missing.length).toBeGreaterThan(0);
    const early = await call(service.url, 'POST', `/v1/uploads/${uploadId}:complete`, {});
    expect([early.status, early.answer.error]).toEqual([409, 'Conflict']);

    const next = start(service.url);
    await next.sent(4);
    if (second !== undefined) {
      await service.program.kill();
      expect(await next.ended()).toMatch(/fetch failed/);
    } else await next.kill();

    const baseUrl = second?.url ?? service.url;
    const done = JSON.parse(await start(baseUrl).ended());
    expect(done).toMatchObject({ size: FILE_BYTES, contentType: 'video/x-test', fileKey: answer.fileKey });
    const again = await call(baseUrl, 'POST', `/v1/uploads/${uploadId}:complete`, {});
    expect([again.status, again.answer.etag]).toEqual([200, done.etag]);
    const digest = createHash('sha256');
    const read = await fetch(done.publicUrl);
    for await (const chunk of read.body ?? []) digest.update(chunk);
    expect(digest.digest('hex')).toBe(sha256);
  }, 120_000);
}

describeWith('minio', 'an upload to MinIO through two services', (minio) => {
  describeResume(() => openServiceOnMinio(minio, inject('redisUrl')), true);
});

describe('an upload to presignd dev', () => {
  describeResume(openDevService, false);
});

import { PutObjectCommand } from '@aws-sdk/client-s3';
import { expect } from 'vitest';
import type { S3Access } from './client.ts';
import { type HttpRequest, send } from './http.ts';

/** Presigns a PUT with headers that the command has no members for, or would move into the query. */
export async function presignWithHeaders(
  s3: S3Access,
  Key: string,
  headers: Record<string, string>,
): Promise<string> {
  const names = new Set(Object.keys(headers));
  const command = new PutObjectCommand({ Bucket: s3.bucket, Key });
  command.middlewareStack.add(
    (next) => (args) => {
      const { request } = args as { request: { headers: Record<string, string> } };
      Object.assign(request.headers, headers);
      return next(args);
    },
    { step: 'build', name: 'addHeaders' },
  );
  return s3.presign(command, { signableHeaders: names, unhoistableHeaders: names });
}

/** Presigns a PUT with these headers signed, sends it, and tells the outcome once nothing was stored by a refusal. */
export async function putWithSignedHeaders(
  s3: S3Access,
  signed: Record<string, string>,
  request: HttpRequest,
): Promise<{ outcome: string; key: string }> {
  const key = s3.newKey();
  const url = await presignWithHeaders(s3, key, signed);
  const answer = await send('PUT', url, { ...request, headers: { ...signed, ...request.headers } });
  const stored = await s3.get(key);
  expect(stored.status).toBe(answer.status === 200 ? 200 : 404);
  return { outcome: answer.outcome, key };
}

import { createSecretKey, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { mintToken, TOKEN_PATTERN } from '../../../src/keys/token.ts';
import { createRedactor } from '../../../src/telemetry/redact.ts';

const redact = createRedactor([new RegExp(TOKEN_PATTERN, 'g')]);

/** Whoever reads the log must be able neither to call the service nor to upload. */
describe('createRedactor', () => {
  it('removes the signature, credential and token of a presigned URL and leaves the rest', () => {
    const line =
      'GET https://b.s3.amazonaws.com/k?X-Amz-Credential=AKIA%2F2026&X-Amz-Date=20261122T000000Z&X-Amz-Security-Token=tok%2B1&X-Amz-Signature=abc123"';
    expect(redact(line)).toBe(
      'GET https://b.s3.amazonaws.com/k?X-Amz-Credential=[redacted]&X-Amz-Date=20261122T000000Z&X-Amz-Security-Token=[redacted]&X-Amz-Signature=[redacted]"',
    );
  });

  it('removes every API key, wherever it stands', () => {
    const key = mintToken('live', createSecretKey(Buffer.alloc(32)), randomBytes);
    expect(redact(`{"a":"${key}","b":"Bearer ${key}"}`)).toBe('{"a":"[redacted]","b":"Bearer [redacted]"}');
  });

  it('removes what stands in a path where an upload token does, whole or cut', () => {
    const line = '{"path":"/as/pse_upl_1abc.def/v1/uploads","message":"no route for /as/cut%20short?x=1"}';
    expect(redact(line)).toBe(
      '{"path":"/as/[redacted]/v1/uploads","message":"no route for /as/[redacted]?x=1"}',
    );
  });

  it('leaves other lines as they are', () => {
    const line = '{"level":"info","msg":"listening","port":8080}';
    expect(redact(line)).toBe(line);
  });
});

import { describe, expect, it } from 'vitest';
import { createRedactor } from '../../../src/telemetry/redact.ts';

const redact = createRedactor([/pse_(?:live|test)_1[0-9A-Za-z]{49}/g]);

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
    const key = `pse_live_1${'a1Z'.repeat(16)}b`;
    expect(redact(`{"a":"${key}","b":"Bearer ${key}"}`)).toBe('{"a":"[redacted]","b":"Bearer [redacted]"}');
  });

  it('leaves other lines as they are', () => {
    const line = '{"level":"info","msg":"listening","port":8080}';
    expect(redact(line)).toBe(line);
  });
});

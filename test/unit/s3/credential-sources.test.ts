import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { credentialProviderFor } from '../../../src/s3/credential-sources.ts';
import { loadCredentials } from '../../../src/s3/credentials.ts';

const SECRET = 'hunter2-hunter2';
const secret = (text: string) => ({ reveal: () => text });

function fileWith(content: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'credentials-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'keys');
  writeFileSync(path, content);
  return path;
}

/** What a presigner would get from the source. */
async function credentialsFrom(source: Parameters<typeof credentialProviderFor>[0]) {
  const provider = credentialProviderFor(source);
  if (provider === undefined) throw new Error('the default chain');
  return loadCredentials(provider);
}

describe('credentialProviderFor', () => {
  it('leaves the default chain to the AWS SDK', () => {
    expect(credentialProviderFor({ source: 'default' })).toBeUndefined();
  });

  it('reveals static secrets anew for each renewal', async () => {
    const reveal = vi.fn().mockReturnValueOnce('old').mockReturnValueOnce('new');
    const provider = credentialProviderFor({
      source: 'static',
      accessKeyId: 'AKIA',
      secretAccessKey: { reveal },
      sessionToken: undefined,
    });
    expect(await provider?.()).toEqual({ accessKeyId: 'AKIA', secretAccessKey: 'old' });
    expect(await provider?.()).toEqual({ accessKeyId: 'AKIA', secretAccessKey: 'new' });
  });

  it('sends a session token along', async () => {
    expect(
      await credentialsFrom({
        source: 'static',
        accessKeyId: 'ASIA',
        secretAccessKey: secret(SECRET),
        sessionToken: secret('session'),
      }),
    ).toEqual({ accessKeyId: 'ASIA', secretAccessKey: SECRET, sessionToken: 'session', expiresAtMs: null });
  });

  it('reads a file with each renewal, and when its credentials expire', async () => {
    const path = fileWith(JSON.stringify({ accessKeyId: 'a', secretAccessKey: SECRET }));
    expect(await credentialsFrom({ source: 'file', path })).toMatchObject({
      accessKeyId: 'a',
      expiresAtMs: null,
    });
    const expiration = '2030-01-01T00:00:00Z';
    writeFileSync(
      path,
      JSON.stringify({ accessKeyId: 'b', secretAccessKey: SECRET, sessionToken: 't', expiration }),
    );
    expect(await credentialsFrom({ source: 'file', path })).toEqual({
      accessKeyId: 'b',
      secretAccessKey: SECRET,
      sessionToken: 't',
      expiresAtMs: Date.parse(expiration),
    });
  });

  /** Security property: what a file holds does not reach a log by way of an error. */
  it.each([
    `{"accessKeyId":"a","secretAccessKey":"${SECRET}"`,
    `"${SECRET}"`,
    'null',
    `{"secretAccessKey":"${SECRET}"}`,
    `{"accessKeyId":5,"secretAccessKey":"${SECRET}"}`,
    `{"accessKeyId":"a","secretAccessKey":"${SECRET}","expiration":"${SECRET}"}`,
  ])('rejects for a file with %s, and quotes nothing of it', async (content) => {
    const error = await credentialsFrom({ source: 'file', path: fileWith(content) }).catch(
      (reason) => reason,
    );
    expect(error).toBeInstanceOf(Error);
    expect(`${error.message} ${error.stack} ${error.cause}`).not.toContain(SECRET);
  });

  it('reads the profile that is named, and goes on to no other source when it is missing', async () => {
    const path = fileWith(`[mine]\naws_access_key_id = AKIAMINE\naws_secret_access_key = ${SECRET}\n`);
    vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', path);
    vi.stubEnv('AWS_CONFIG_FILE', fileWith(''));
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIAENV');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'env');
    onTestFinished(() => void vi.unstubAllEnvs());
    expect(await credentialsFrom({ source: 'profile', profile: 'mine' })).toMatchObject({
      accessKeyId: 'AKIAMINE',
      secretAccessKey: SECRET,
    });
    await expect(credentialsFrom({ source: 'profile', profile: 'other' })).rejects.toThrow(/other/);
  });
});

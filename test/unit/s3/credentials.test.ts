import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { defaultCredentialProvider, loadCredentials } from '../../../src/s3/credentials.ts';
import { resolveRegion } from '../../../src/s3/destination.ts';
import { loadSdk } from '../../../src/s3/sdk.ts';

describe('loadCredentials', () => {
  it('asks the source itself, not the memory of a provider', async () => {
    const provider = vi.fn(async () => ({ accessKeyId: 'a', secretAccessKey: 's' }));
    await loadCredentials(provider);
    expect(provider).toHaveBeenCalledWith({ forceRefresh: true });
  });

  it('knows when they expire', async () => {
    const identity = { accessKeyId: 'a', secretAccessKey: 's', sessionToken: 't', expiration: new Date(7) };
    expect(await loadCredentials(async () => identity)).toEqual({
      accessKeyId: 'a',
      secretAccessKey: 's',
      sessionToken: 't',
      expiresAtMs: 7,
    });
  });

  it('takes an empty session token for none', async () => {
    const identity = { accessKeyId: 'a', secretAccessKey: 's', sessionToken: '' };
    expect((await loadCredentials(async () => identity)).sessionToken).toBeUndefined();
  });

  it.each([
    { accessKeyId: '', secretAccessKey: 's' },
    { accessKeyId: 'a', secretAccessKey: '' },
    { accessKeyId: 'a', secretAccessKey: 's', expiration: new Date(Number.NaN) },
  ])('refuses incomplete credentials: %j', async (identity) => {
    await expect(loadCredentials(async () => identity)).rejects.toThrow('incomplete');
  });

  /** Providers quote what they could not read, and the failure is logged. */
  it.each([
    () => JSON.parse('{"SecretAccessKey":"hunter2'),
    () => JSON.parse('hunter2'),
    () => {
      throw new Error('Command failed: get-credentials --password hunter2\nhunter2');
    },
    () => {
      throw new Error('Unexpected token in JSON: hunter2');
    },
    () => {
      throw new Error('first line\nhunter2');
    },
    () => {
      throw 'hunter2';
    },
  ])('fails without quoting what may be secret (%#)', async (fail) => {
    const error = await loadCredentials(async () => fail()).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(Error);
    expect(String(error)).toMatch(/^Error: the credential provider failed/);
    // What a logger sees: the message, the stack and the cause.
    expect(inspect(error)).not.toContain('hunter2');
  });
});

describe("the AWS SDK's own providers", () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'presignd-aws-'));
    vi.stubEnv('AWS_CONFIG_FILE', join(folder, 'config'));
    vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', join(folder, 'credentials'));
    vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
    for (const name of [
      'AWS_PROFILE',
      'AWS_REGION',
      'AWS_ACCESS_KEY_ID',
      'AWS_SECRET_ACCESS_KEY',
      'AWS_SESSION_TOKEN',
    ]) {
      vi.stubEnv(name, undefined);
    }
  });

  afterEach(async () => {
    vi.unstubAllEnvs();
    await rm(folder, { recursive: true });
  });

  async function defaultCredentials() {
    return loadCredentials(defaultCredentialProvider(await loadSdk(), 'us-east-1'));
  }

  it('find credentials in the environment', async () => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIAENV');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'env-secret');
    vi.stubEnv('AWS_SESSION_TOKEN', 'env-token');
    expect(await defaultCredentials()).toEqual({
      accessKeyId: 'AKIAENV',
      secretAccessKey: 'env-secret',
      sessionToken: 'env-token',
      expiresAtMs: null,
    });
  });

  it('find credentials in the shared file', async () => {
    await writeFile(
      join(folder, 'credentials'),
      '[default]\naws_access_key_id = AKIAFILE\naws_secret_access_key = file-secret\n',
    );
    expect(await defaultCredentials()).toMatchObject({
      accessKeyId: 'AKIAFILE',
      secretAccessKey: 'file-secret',
    });
  });

  it('run a credential process and know when its credentials expire', async () => {
    const answer = {
      Version: 1,
      AccessKeyId: 'ASIAPROC',
      SecretAccessKey: 'p',
      SessionToken: 't',
      Expiration: '2099-01-01T00:00:00Z',
    };
    await writeFile(join(folder, 'answer.json'), JSON.stringify(answer));
    await writeFile(
      join(folder, 'config'),
      `[default]\ncredential_process = cat ${join(folder, 'answer.json')}\n`,
    );
    expect(await defaultCredentials()).toMatchObject({
      accessKeyId: 'ASIAPROC',
      sessionToken: 't',
      expiresAtMs: Date.UTC(2099, 0, 1),
    });
  });

  it('say what is missing when there are none', async () => {
    await expect(defaultCredentials()).rejects.toThrow(/^the credential provider failed: \w+: \S/);
  });

  it('find the region in the environment, then in the shared file', async () => {
    const sdk = await loadSdk();
    await writeFile(join(folder, 'config'), '[default]\nregion = eu-west-3\n');
    expect(await resolveRegion(sdk, undefined, undefined)).toBe('eu-west-3');
    vi.stubEnv('AWS_REGION', 'eu-north-1');
    expect(await resolveRegion(sdk, undefined, undefined)).toBe('eu-north-1');
    expect(await resolveRegion(sdk, 'cn-north-1', undefined)).toBe('cn-north-1');
  });

  it('need no region for an S3-compatible server, but one for AWS', async () => {
    const sdk = await loadSdk();
    expect(await resolveRegion(sdk, undefined, 'http://127.0.0.1:9000')).toBe('us-east-1');
    await expect(resolveRegion(sdk, undefined, undefined)).rejects.toThrow(/PRESIGND_REGION/);
  });
});

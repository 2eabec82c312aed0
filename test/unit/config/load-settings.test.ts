import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { loadSettings, SettingsError } from '../../../src/config/load-settings.ts';
import { SETTINGS } from '../../../src/config/settings.ts';

function problemsOf(env: Record<string, string>): readonly string[] {
  try {
    loadSettings(env);
  } catch (error) {
    if (error instanceof SettingsError) return error.problems;
    throw error;
  }
  return [];
}

function fileWith(content: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'settings-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'value');
  writeFileSync(path, content);
  return path;
}

describe('loadSettings', () => {
  it('answers the documented defaults for an empty environment', () => {
    const settings = loadSettings({});
    expect(settings.port).toBe(8080);
    expect(settings.host).toBe('0.0.0.0');
    expect(settings.urlTtlMs).toBe(900_000);
    expect(settings.databaseUrl.reveal()).toBe('sqlite:.presignd/presignd.db');
    expect(settings.corsOrigins).toEqual([]);
    expect(settings.bucket).toBeUndefined();
    expect(settings.redisUrl).toBeUndefined();
  });

  it('reads every default that the table shows', () => {
    for (const row of Object.values(SETTINGS)) expect(() => row.read(undefined)).not.toThrow();
  });

  it('reports every problem at once', () => {
    const problems = problemsOf({
      PORT: '99999',
      PRESIGND_URL_TTL: '8d',
      PRESIGND_S3_ENDPOINT: 'ftp://files',
      PRESIGND_SIGNER: 'mine',
      DATABASE_URL: 'mysql://x',
    });
    expect(problems).toEqual([
      'PORT must be an integer from 0 to 65535',
      'PRESIGND_S3_ENDPOINT must be a URL that starts with http:// or https://',
      'PRESIGND_URL_TTL must be a duration from 1s to 7d, such as 500ms, 15m or 1h',
      'PRESIGND_SIGNER must be auto or sdk',
      'DATABASE_URL must start with sqlite:',
    ]);
  });

  it('refuses an unknown PRESIGND_ name and suggests the near ones', () => {
    expect(problemsOf({ PRESIGND_BUKET: 'b' })).toEqual([
      'PRESIGND_BUKET is not a setting; did you mean PRESIGND_BUCKET?',
    ]);
    expect(problemsOf({ PRESIGND_XYZZY_PLUGH_QUUX: '1' })).toEqual([
      'PRESIGND_XYZZY_PLUGH_QUUX is not a setting',
    ]);
  });

  it('leaves the variables of other programs and of the test suite alone', () => {
    expect(problemsOf({ PATH: '/bin', AWS_PROFILE: 'x', PRESIGND_TEST_REDIS_IMAGE: 'redis' })).toEqual([]);
  });

  it('takes an empty variable as not set', () => {
    expect(loadSettings({ PORT: '', REDIS_URL: '' }).port).toBe(8080);
  });

  it('reads a value from the file that NAME_FILE names, less its last line break', () => {
    const path = fileWith('redis://:pass word@cache:6379\n');
    expect(loadSettings({ REDIS_URL_FILE: path }).redisUrl?.reveal()).toBe('redis://:pass word@cache:6379');
  });

  /** An empty variable is a platform's way to unset one; an empty file is a secret that did not arrive. */
  it('refuses a file that holds nothing', () => {
    expect(
      problemsOf({ PRESIGND_BUCKET_FILE: fileWith(''), PRESIGND_KEY_PEPPERS_FILE: fileWith('\n') }),
    ).toEqual([
      'PRESIGND_BUCKET cannot be read from the file that PRESIGND_BUCKET_FILE names (empty)',
      'PRESIGND_KEY_PEPPERS cannot be read from the file that PRESIGND_KEY_PEPPERS_FILE names (empty)',
    ]);
  });

  it('refuses a setting that is given both ways, and a file that cannot be read', () => {
    expect(problemsOf({ PORT: '1', PORT_FILE: fileWith('2') })).toEqual([
      'PORT and PORT_FILE are both set: keep one',
    ]);
    expect(problemsOf({ PRESIGND_BUCKET_FILE: '/nonexistent/bucket' })).toEqual([
      'PRESIGND_BUCKET cannot be read from the file that PRESIGND_BUCKET_FILE names (ENOENT)',
    ]);
  });

  /** Secrets must not reach a log by way of an error message or a dump of the settings. */
  it('prints no secret, neither in a problem nor in a dump', () => {
    const secret = 'hunter2';
    expect(problemsOf({ DATABASE_URL: `mysql://u:${secret}@h` }).join()).not.toContain(secret);
    const settings = loadSettings({ REDIS_URL: `redis://:${secret}@h`, PRESIGND_KEY_PEPPERS: secret });
    for (const dump of [JSON.stringify(settings), inspect(settings, { depth: 9 }), `${settings.redisUrl}`]) {
      expect(dump).not.toContain(secret);
    }
    expect(settings.keyPeppers.map((pepper) => pepper.reveal())).toEqual([secret]);
  });

  it.each([
    ['500ms', undefined],
    ['1s', 1_000],
    ['1.5m', 90_000],
    ['7d', 604_800_000],
    ['15', undefined],
    ['m', undefined],
    ['-1s', undefined],
  ])('reads the URL lifetime %s as %s', (text, expected) => {
    if (expected === undefined) expect(problemsOf({ PRESIGND_URL_TTL: text })).toHaveLength(1);
    else expect(loadSettings({ PRESIGND_URL_TTL: text }).urlTtlMs).toBe(expected);
  });
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Environment, loadApiKey, loadSettings } from '../../../src/config/load-settings.ts';
import { SETTINGS } from '../../../src/config/settings.ts';
import { SettingsError } from '../../../src/config/settings-error.ts';

function problemsOf(env: Environment, load: (env: Environment) => unknown = loadSettings): readonly string[] {
  try {
    load(env);
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
      'DATABASE_URL must start with sqlite: or postgres: or postgresql:',
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

describe('a secret from a file', () => {
  const settingsFrom = (path: string) => loadSettings({ DATABASE_URL_FILE: path }).databaseUrl;

  it('is what the file holds at the moment of its use', () => {
    const path = fileWith('postgres://old@db/keys\n');
    const url = settingsFrom(path);
    expect(url.reveal()).toBe('postgres://old@db/keys');
    writeFileSync(path, 'postgres://new@db/keys\n');
    expect(url.reveal()).toBe('postgres://new@db/keys');
  });

  it('stays as it was last good for as long as the file is empty, wrong or gone', () => {
    const path = fileWith('postgres://first@db/keys');
    const url = settingsFrom(path);
    writeFileSync(path, 'postgres://second@db/keys');
    expect(url.reveal()).toBe('postgres://second@db/keys');
    for (const spoilt of ['', '\n', 'hunter2']) {
      writeFileSync(path, spoilt);
      expect(url.reveal()).toBe('postgres://second@db/keys');
    }
    rmSync(path);
    expect(url.reveal()).toBe('postgres://second@db/keys');
    writeFileSync(path, 'postgres://third@db/keys');
    expect(url.reveal()).toBe('postgres://third@db/keys');
  });

  /** Security property: it is masked like any other. */
  it('is not printed', () => {
    const url = settingsFrom(fileWith('postgres://u:hunter2@db/keys'));
    for (const dump of [JSON.stringify({ url }), inspect({ url }), `${url}`]) {
      expect(dump).not.toContain('hunter2');
    }
  });
});

describe('loadApiKey', () => {
  it('reads the variable, or the file that its _FILE names', () => {
    expect(loadApiKey({ PRESIGND_API_KEY: 'secret' }).reveal()).toBe('secret');
    expect(loadApiKey({ PRESIGND_API_KEY_FILE: fileWith('secret\n') }).reveal()).toBe('secret');
  });

  it('is no setting, but known to those who load settings', () => {
    expect(problemsOf({ PRESIGND_API_KEY: 'x' })).toEqual([]);
    expect(problemsOf({ PRESIGND_API_KEY_FILE: '/nonexistent' })).toEqual([]);
  });

  it('does not judge the settings of the store', () => {
    expect(loadApiKey({ PRESIGND_API_KEY: 'x', DATABASE_URL: 'nonsense' }).reveal()).toBe('x');
  });

  it.each([
    ['nothing', {}, ['PRESIGND_API_KEY must be set to an API key of the server']],
    [
      'a misspelt name',
      { PRESIGND_APIKEY: 'x' },
      [
        'PRESIGND_APIKEY is not a setting; did you mean PRESIGND_API_KEY?',
        'PRESIGND_API_KEY must be set to an API key of the server',
      ],
    ],
    [
      'both ways',
      { PRESIGND_API_KEY: 'x', PRESIGND_API_KEY_FILE: '/y' },
      ['PRESIGND_API_KEY and PRESIGND_API_KEY_FILE are both set: keep one'],
    ],
    [
      'a file that is not there',
      { PRESIGND_API_KEY_FILE: '/nonexistent' },
      ['PRESIGND_API_KEY cannot be read from the file that PRESIGND_API_KEY_FILE names (ENOENT)'],
    ],
  ])('refuses %s', (_, env, problems) => {
    expect(problemsOf(env, loadApiKey)).toEqual(problems);
  });
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { destinationsFrom } from '../../../src/config/destinations.ts';
import { type Environment, loadSettings } from '../../../src/config/load-settings.ts';
import { SettingsError } from '../../../src/config/settings-error.ts';

const SECRET = 'hunter2-hunter2-hunter2';

function load(destinations: unknown, env: Environment = {}) {
  const text = typeof destinations === 'string' ? destinations : JSON.stringify(destinations);
  return destinationsFrom(
    loadSettings({ PRESIGND_BUCKET: 'main', PRESIGND_DESTINATIONS: text, ...env }, ['bucket']),
  );
}

function problemsOf(destinations: unknown, env?: Environment): readonly string[] {
  try {
    load(destinations, env);
  } catch (error) {
    if (error instanceof SettingsError) return error.problems;
    throw error;
  }
  return [];
}

function fileWith(content: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'destinations-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'value');
  writeFileSync(path, content);
  return path;
}

describe('the default destination', () => {
  it('is what the settings of their own say', () => {
    const [only, ...others] = load({});
    expect(others).toEqual([]);
    expect(only).toEqual({
      name: 'default',
      bucket: 'main',
      provider: 'aws',
      region: undefined,
      endpoint: undefined,
      publicEndpoint: undefined,
      forcePathStyle: false,
      keyPrefix: '',
      publicBaseUrl: undefined,
      urlTtlMs: 900_000,
      urlMaxTtlMs: undefined,
      activeContent: 'attachment',
      allowedAcls: [],
      objectKeyTemplate: '{owner}/{date}/{uuid}/{name}',
      allowedOverrides: ['contentType', 'contentDisposition'],
      credentials: { source: 'default' },
    });
  });

  it.each<[string, Environment, object]>([
    ['AWS without an endpoint', {}, { provider: 'aws' }],
    ['generic with one', { PRESIGND_S3_ENDPOINT: 'http://s3.example' }, { provider: 'generic' }],
    [
      'generic with one for clients only',
      { PRESIGND_S3_PUBLIC_ENDPOINT: 'http://s3.example' },
      { provider: 'generic' },
    ],
    [
      'what it is said to be',
      { PRESIGND_S3_ENDPOINT: 'http://s3.example', PRESIGND_PROVIDER: 'r2' },
      { provider: 'r2', region: 'auto' },
    ],
    [
      'in the region that is set, whoever it is',
      {
        PRESIGND_S3_ENDPOINT: 'http://s3.example',
        PRESIGND_PROVIDER: 'gcs',
        PRESIGND_REGION: 'europe-west1',
      },
      { provider: 'gcs', region: 'europe-west1' },
    ],
    ['in its folder', { PRESIGND_KEY_PREFIX: 'a/b' }, { keyPrefix: 'a/b/' }],
  ])('is %s', (_name, env, expected) => {
    expect(load({}, env)[0]).toMatchObject(expected);
  });

  it('is not sought at AWS when it is somebody else', () => {
    expect(problemsOf({}, { PRESIGND_PROVIDER: 'r2' })).toEqual([
      'PRESIGND_S3_ENDPOINT must be set, as PRESIGND_PROVIDER is r2',
    ]);
  });
});

describe('a named destination', () => {
  it('is what its fields say', () => {
    const [, avatars] = load({
      avatars: {
        bucket: 'pictures',
        provider: 'minio',
        region: 'eu-1',
        endpoint: 'http://minio.internal:9000/',
        publicEndpoint: 'https://s3.example.com',
        forcePathStyle: true,
        prefix: 'avatars',
        publicBaseUrl: 'https://cdn.example.com',
        urlTtl: '5m',
        urlMaxTtl: '10m',
        activeContent: 'deny',
        allowedAcls: ['private', 'public-read'],
        objectKeyTemplate: '{uuid}',
        allowedOverrides: ['contentDisposition'],
        credentials: { source: 'profile', profile: 'pictures' },
      },
    });
    expect(avatars).toEqual({
      name: 'avatars',
      bucket: 'pictures',
      provider: 'minio',
      region: 'eu-1',
      endpoint: 'http://minio.internal:9000',
      publicEndpoint: 'https://s3.example.com',
      forcePathStyle: true,
      keyPrefix: 'avatars/',
      publicBaseUrl: 'https://cdn.example.com',
      urlTtlMs: 300_000,
      urlMaxTtlMs: 600_000,
      activeContent: 'deny',
      allowedAcls: ['private', 'public-read'],
      objectKeyTemplate: '{uuid}',
      allowedOverrides: ['contentDisposition'],
      credentials: { source: 'profile', profile: 'pictures' },
    });
  });

  it('takes what is allowed from the settings when it does not say, and nothing of the bucket', () => {
    const [, plain] = load(
      { plain: { bucket: 'b' } },
      {
        PRESIGND_REGION: 'eu-1',
        PRESIGND_S3_ENDPOINT: 'http://s3.example',
        PRESIGND_S3_PUBLIC_ENDPOINT: 'http://public.example',
        PRESIGND_S3_FORCE_PATH_STYLE: 'true',
        PRESIGND_PROVIDER: 'minio',
        PRESIGND_KEY_PREFIX: 'main/',
        PRESIGND_PUBLIC_BASE_URL: 'http://cdn.example',
        PRESIGND_ALLOWED_ACLS: 'private',
        PRESIGND_URL_TTL: '1m',
        PRESIGND_URL_MAX_TTL: '2m',
        PRESIGND_ACTIVE_CONTENT: 'deny',
        PRESIGND_OBJECT_KEY_TEMPLATE: '{uuid}',
        PRESIGND_DOWNLOAD_OVERRIDES: 'contentType',
      },
    );
    expect(plain).toEqual({
      name: 'plain',
      bucket: 'b',
      provider: 'aws',
      region: undefined,
      endpoint: undefined,
      publicEndpoint: undefined,
      forcePathStyle: false,
      keyPrefix: '',
      publicBaseUrl: undefined,
      urlTtlMs: 60_000,
      urlMaxTtlMs: 120_000,
      activeContent: 'deny',
      allowedAcls: [],
      objectKeyTemplate: '{uuid}',
      allowedOverrides: ['contentType'],
      credentials: { source: 'default' },
    });
  });

  it('with a life of its own has a limit of its own', () => {
    const [, long] = load({ long: { bucket: 'b', urlTtl: '2h' } }, { PRESIGND_URL_MAX_TTL: '30m' });
    expect(long).toMatchObject({ urlTtlMs: 7_200_000, urlMaxTtlMs: undefined });
  });

  it('can be read from a file with all others', () => {
    const path = fileWith('{"avatars":{"bucket":"pictures"}}\n');
    expect(load('', { PRESIGND_DESTINATIONS_FILE: path })[1]).toMatchObject({ bucket: 'pictures' });
  });
});

describe('the credentials of a destination', () => {
  const credentialsOf = (credentials: unknown) => load({ a: { bucket: 'b', credentials } })[1]?.credentials;

  it('come from the source that is named', () => {
    expect(credentialsOf({ source: 'default' })).toEqual({ source: 'default' });
    expect(credentialsOf({ source: 'file', path: '/run/keys.json' })).toEqual({
      source: 'file',
      path: '/run/keys.json',
    });
  });

  it('can be given, with their secrets in files', () => {
    const credentials = credentialsOf({
      source: 'static',
      accessKeyId: 'AKIA',
      secretAccessKeyFile: fileWith(`${SECRET}\n`),
      sessionTokenFile: fileWith('session'),
    });
    if (credentials?.source !== 'static') throw new Error('other credentials');
    expect(credentials.accessKeyId).toBe('AKIA');
    expect(credentials.secretAccessKey.reveal()).toBe(SECRET);
    expect(credentials.sessionToken?.reveal()).toBe('session');
  });

  /** Security property: secrets must not reach a log by way of an error message or a dump of the settings. */
  it('are not printed, neither in a problem nor in a dump', () => {
    const secretAccessKey = SECRET;
    const all = load({
      a: { bucket: 'b', credentials: { source: 'static', accessKeyId: 'x', secretAccessKey } },
    });
    for (const dump of [JSON.stringify(all), inspect(all, { depth: 9 })]) expect(dump).not.toContain(SECRET);
    const misplaced = { source: secretAccessKey, bucket: 'b', endpoint: secretAccessKey };
    const problems = [
      ...problemsOf({ a: misplaced, b: { bucket: 'b', credentials: misplaced } }),
      ...problemsOf(`{"a":{"secretAccessKey":"${SECRET}"`),
      ...problemsOf({ a: SECRET, b: { credentials: SECRET }, c: { allowedAcls: [SECRET] } }),
    ];
    expect(problems.length).toBeGreaterThan(5);
    expect(problems.join()).not.toContain(SECRET);
  });

  it.each<[string, unknown, readonly string[]]>([
    ['no source', {}, ['.source must be set']],
    ['an unknown source', { source: 'vault' }, ['.source must be default or profile or static or file']],
    ['a field of another source', { source: 'default', profile: 'x' }, ['.profile is not a field']],
    ['no profile', { source: 'profile' }, ['.profile must be set']],
    [
      'no secret',
      { source: 'static', accessKeyId: 'x' },
      [' must have a secretAccessKey or a secretAccessKeyFile, and not both'],
    ],
    [
      'a file that is not there',
      { source: 'static', accessKeyId: 'x', secretAccessKeyFile: '/nonexistent' },
      ['.secretAccessKeyFile names a file that cannot be read (ENOENT)'],
    ],
    ['a text', 'default', [' must be a JSON object']],
  ])('cannot have %s', (_name, credentials, problems) => {
    expect(problemsOf({ a: { bucket: 'b', credentials } })).toEqual(
      problems.map((problem) => `PRESIGND_DESTINATIONS.a.credentials${problem}`),
    );
  });
});

describe('PRESIGND_DESTINATIONS', () => {
  it('reports every problem at once, each with its path', () => {
    expect(
      problemsOf(
        {
          avatars: { buket: 'x', provider: 'azure', forcePathStyle: 'yes', allowedAcls: ['private', 'mine'] },
          docs: { bucket: '', urlTtl: '8d', prefix: '../x', credentials: { source: 'profile' } },
          cold: { bucket: 'b', provider: 'r2' },
          slow: { bucket: 'b', urlTtl: '2h', urlMaxTtl: '1h' },
        },
        { PORT: '99999' },
      ),
    ).toEqual([
      'PORT must be an integer from 0 to 65535',
      'PRESIGND_DESTINATIONS.avatars.buket is not a field; did you mean bucket?',
      'PRESIGND_DESTINATIONS.avatars.bucket must be set',
      'PRESIGND_DESTINATIONS.avatars.provider must be aws or r2 or b2 or gcs or minio or wasabi or do-spaces or generic',
      'PRESIGND_DESTINATIONS.avatars.forcePathStyle must be true or false',
      'PRESIGND_DESTINATIONS.avatars.allowedAcls[1] must be private or public-read or public-read-write or authenticated-read or aws-exec-read or bucket-owner-read or bucket-owner-full-control',
      'PRESIGND_DESTINATIONS.docs.bucket must be a text that is not empty',
      'PRESIGND_DESTINATIONS.docs.prefix must be a folder such as uploads/: segments of A-Z a-z 0-9 . _ and -, neither . nor ..',
      'PRESIGND_DESTINATIONS.docs.urlTtl must be a duration from 1s to 7d, such as 500ms, 15m or 1h',
      'PRESIGND_DESTINATIONS.docs.credentials.profile must be set',
      'PRESIGND_DESTINATIONS.cold.endpoint must be set, as the provider is r2',
      'PRESIGND_DESTINATIONS.slow.urlMaxTtl must not be shorter than urlTtl',
    ]);
  });

  it.each(['default', 'Avatars', '9lives', 'a_b', '', 'a'.repeat(64), '__proto__'])(
    'has no destination that is named %j',
    (name) => {
      expect(problemsOf(`{${JSON.stringify(name)}:{"bucket":"b"}}`)).toEqual([
        `PRESIGND_DESTINATIONS.${name} must be named with up to 63 of a-z, 0-9 and -, a letter first, and not \`default\``,
      ]);
    },
  );

  it.each(['avatars', '[]', 'null', '"x"'])('is a JSON object, not %s', (text) => {
    expect(problemsOf(text)).toEqual([
      expect.stringMatching(/^PRESIGND_DESTINATIONS must be (a )?JSON( object)?$/),
    ]);
  });
});

describe('PRESIGND_KEY_PREFIX', () => {
  it.each(['/', '/a', 'a//b', '.', 'a/../b', 'a b', 'é/', '{owner}/'])('is not %j', (text) => {
    expect(problemsOf({}, { PRESIGND_KEY_PREFIX: text })).toHaveLength(1);
  });
});

// What the doctor says of settings, Redis and the key store. No S3 is there, which it says as well.
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeWith } from '../support/available.ts';
import { examineIn } from '../support/doctor-place.ts';
import { makePostgresPlace, type PostgresPlace } from '../support/postgres-place.ts';
import { openS3Proxy } from '../support/s3-proxy.ts';
import { openSandbox, type Sandbox, UNREACHABLE_S3 } from '../support/sandbox.ts';
import { makeVersion1 } from '../support/sqlite-version-1.ts';

const opened = new AsyncDisposableStack();
let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = opened.use(await openSandbox(UNREACHABLE_S3));
});
afterAll(() => opened.disposeAsync());

const examine = (env: Readonly<Record<string, string>>, args: readonly string[] = []) =>
  examineIn(sandbox, args, env);

describe('presignd doctor', () => {
  it('says what is wrong with the settings in the words of `presignd serve`', async () => {
    const env = { PRESIGND_BUKET: 'x', PRESIGND_URL_TTL: 'soon' };
    const { code, findings, finding } = await examine(env);
    expect(code).toBe(2);
    expect(findings.map(({ subject }) => subject)).not.toContain('destination default');
    const { stderr } = await sandbox.run(['serve'], env);
    for (const line of finding('settings').seen.split('\n')) expect(stderr).toContain(`  - ${line}\n`);
  });

  it.each([
    {
      env: { PRESIGND_CORS_ORIGINS: 'https://app.example.com/' },
      says: /not an origin that a browser sends/,
    },
    { env: { PRESIGND_SEALING_KEYS: 'short' }, says: /PRESIGND_SEALING_KEYS must have at least 32/ },
    { env: { PRESIGND_OBJECT_KEY_TEMPLATE: '{name}' }, says: /object key template/ },
    { env: { PRESIGND_DEFAULT_RATE_PLAN: 'gold' }, says: /gold/ },
  ])('finds what keeps the service from starting: $env', async ({ env, says }) => {
    const { code, finding } = await examine(env);
    expect(code).toBe(2);
    expect(finding('settings')).toMatchObject({ level: 'problem', seen: expect.stringMatching(says) });
  });

  it('warns of settings that let too many in', async () => {
    const env = { PRESIGND_TRUSTED_PROXIES: '10.0.0.0/8,0.0.0.0/0', PRESIGND_CORS_ORIGINS: '*' };
    const { ailments } = await examine(env);
    expect(ailments).toEqual(['trusted-proxies warning', 'service-cors warning', 'endpoint problem']);
  });

  it('finds a Redis that is down, without showing its password', async () => {
    const { finding } = await examine({ REDIS_URL: 'redis://:a-secret-password@127.0.0.1:9' });
    expect(finding('redis')).toMatchObject({
      level: 'problem',
      seen: expect.stringContaining('ECONNREFUSED'),
    });
    expect(JSON.stringify(finding('redis'))).not.toContain('a-secret-password');
  });

  it('finds a Postgres that is down, without showing its password', async () => {
    const { finding } = await examine({ DATABASE_URL: 'postgres://me:a-secret-password@127.0.0.1:9/keys' });
    expect(finding('store')).toMatchObject({
      level: 'problem',
      seen: expect.stringContaining('ECONNREFUSED'),
    });
    expect(JSON.stringify(finding('store'))).not.toContain('a-secret-password');
    expect(finding('store-schema').level).toBe('skipped');
  });

  it('finds an old schema that the service may not change, and changes none itself', async () => {
    const path = join(sandbox.folder, 'old.db');
    makeVersion1(path, 1);
    const old = { DATABASE_URL: `sqlite:${path}` };
    expect((await examine(old)).finding('store-schema').level).toBe('ok');
    const { finding } = await examine({ ...old, PRESIGND_AUTO_MIGRATE: 'false' });
    expect(finding('store-schema')).toMatchObject({ level: 'problem', fix: 'presignd migrate' });
    expect(finding('store-schema').seen).toMatch(/^the schema has version 1, and this presignd \d+,/);

    using db = new DatabaseSync(path);
    db.exec('PRAGMA user_version = 99');
    expect((await examine(old)).finding('store-schema').seen).toContain('made by a newer presignd');
  });

  it('makes no key store where there is none', async () => {
    const path = join(sandbox.folder, 'none', 'keys.db');
    const { finding } = await examine({ DATABASE_URL: `sqlite:${path}` });
    expect(finding('store-schema').seen).toContain('there is no schema yet');
    expect(
      (
        await sandbox.run(['keys', 'list'], {
          DATABASE_URL: `sqlite:${path}`,
          PRESIGND_AUTO_MIGRATE: 'false',
        })
      ).stderr,
    ).toContain('no schema yet');
  });

  it('asks STS whose credentials they are', async () => {
    const arn = 'arn:aws:sts::123456789012:assumed-role/uploads/i-0123';
    const sts = opened.use(
      await openS3Proxy('http://127.0.0.1:9', {
        answers: (_, response) =>
          response
            .writeHead(200, { 'content-type': 'text/xml' })
            .end(
              `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult><Arn>${arn}</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>`,
            ) !== undefined,
      }),
    );
    const { finding } = await examine({
      PRESIGND_S3_ENDPOINT: '',
      AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:9',
      AWS_ENDPOINT_URL_STS: sts.url,
    });
    expect(finding('credentials').seen).toBe(`pres…body from env vars, ${arn}`);
  });

  it.each([
    { args: ['--ignore', 'clok'], says: 'there is no check "clok". Did you mean clock?' },
    { args: ['--origin', 'https://app.example.com/'], says: 'without a path' },
    { args: ['--destination', 'defalt'], says: 'Did you mean default?' },
  ])('refuses $args, and says what is expected', async ({ args, says }) => {
    const { code, stderr } = await sandbox.run(['doctor', ...args]);
    expect(code).toBe(2);
    expect(stderr).toContain(says);
  });
});

describeWith('redisUrl', 'presignd doctor on Redis', (redisUrl) => {
  /** A user of the shared server whose rights end at what the test says. */
  async function userOf(name: string, ...rules: readonly string[]): Promise<string> {
    await using admin = Object.assign(new Redis(redisUrl), {
      [Symbol.asyncDispose]: async () => void (await admin.quit()),
    });
    await admin.call('ACL', 'SETUSER', name, 'on', '>a-secret-password', 'allkeys', 'allchannels', ...rules);
    opened.defer(async () => {
      const last = new Redis(redisUrl);
      await last.call('ACL', 'DELUSER', name);
      await last.quit();
    });
    const url = new URL(redisUrl);
    [url.username, url.password] = [name, 'a-secret-password'];
    return url.href;
  }

  it('finds nothing where all is well', async () => {
    const { ailments, finding } = await examine({ REDIS_URL: await userOf('doctor-well', '+@all') });
    expect(ailments).toEqual(['endpoint problem']);
    expect(finding('redis').seen).toMatch(/^Redis \d+\.\d+\.\d+ at \S+ answers in [\d.]+ ms$/);
    expect(finding('redis-eviction').seen).toBe('no maxmemory');
  });

  it('says what it was not told', async () => {
    const { finding } = await examine({ REDIS_URL: await userOf('doctor-poor', '+@all', '-info') });
    expect(finding('redis-eviction')).toMatchObject({ level: 'skipped' });
  });

  it('finds a wrong password', async () => {
    const url = new URL(redisUrl);
    url.password = 'another-secret-password';
    const { finding } = await examine({ REDIS_URL: url.href });
    expect(finding('redis').level).toBe('problem');
  });
});

describeWith('postgresUrl', 'presignd doctor on Postgres', (postgresUrl) => {
  let place: PostgresPlace;
  beforeAll(async () => {
    place = await makePostgresPlace(postgresUrl);
  });
  afterAll(() => place.remove());

  it('finds nothing where all is well, and makes nothing', async () => {
    const env = { DATABASE_URL: place.url };
    const { ailments, finding } = await examine(env);
    expect(ailments).toEqual(['endpoint problem']);
    expect(finding('store').seen).toMatch(/^Postgres \d+\.\d+.* answers in \d+ ms, with connecting$/);
    expect(finding('store-pool').seen).toMatch(/^\d+ of \d+ connections are in use/);
    expect(await place.query("SELECT 1 FROM pg_namespace WHERE nspname = 'presignd'")).toEqual([]);
    expect((await sandbox.run(['migrate'], env)).code).toBe(0);
    expect((await examine(env)).finding('store-schema').seen).toMatch(/^version \d+$/);
  });

  it('finds a schema of another version', async () => {
    const env = { DATABASE_URL: place.url, PRESIGND_AUTO_MIGRATE: 'false' };
    await sandbox.run(['migrate'], env);
    await place.query('INSERT INTO presignd.migrations (version) VALUES (99)');
    expect((await examine(env)).finding('store-schema').seen).toContain('made by a newer presignd');
  });
});

// What the doctor says of settings, Redis and the key store. No S3 is there, which it says as well.
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeWith } from '../support/available.ts';
import { examineIn } from '../support/doctor-place.ts';
import { makePostgresPlace, type PostgresPlace } from '../support/postgres-place.ts';
import { type RedisServer, startRedis } from '../support/redis-server.ts';
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

  it('finds all that keeps the service from starting, at once', async () => {
    const { code, finding } = await examine({
      PRESIGND_CORS_ORIGINS: 'https://app.example.com/',
      PRESIGND_SEALING_KEYS: 'short',
      PRESIGND_OBJECT_KEY_TEMPLATE: '{name}',
      PRESIGND_DEFAULT_RATE_PLAN: 'gold',
    });
    expect(code).toBe(2);
    expect(finding('settings').level).toBe('problem');
    for (const words of [
      'not an origin that a browser sends',
      'PRESIGND_SEALING_KEYS must have at least 32',
      'object key template',
      'PRESIGND_DEFAULT_RATE_PLAN is gold',
    ])
      expect(finding('settings').seen).toContain(words);
  });

  it('warns of settings that let too many in', async () => {
    const env = { PRESIGND_TRUSTED_PROXIES: '10.0.0.0/8,0.0.0.0/0', PRESIGND_CORS_ORIGINS: '*' };
    const { ailments } = await examine(env);
    expect(ailments).toEqual(['trusted-proxies warning', 'service-cors warning', 'endpoint problem']);
  });

  it('finds a Redis and a Postgres that are down, without showing their passwords', async () => {
    const { findings, finding } = await examine({
      REDIS_URL: 'redis://:a-secret-password@127.0.0.1:9',
      DATABASE_URL: 'postgres://me:a-secret-password@127.0.0.1:9/keys',
    });
    for (const id of ['redis', 'store'])
      expect(finding(id)).toMatchObject({ level: 'problem', seen: expect.stringContaining('ECONNREFUSED') });
    for (const id of ['redis-eviction', 'store-schema']) expect(finding(id).level).toBe('skipped');
    expect(JSON.stringify(findings)).not.toContain('a-secret-password');
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

describeWith('redisUrl', 'presignd doctor on Redis', () => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.stop());

  it('finds nothing where all is well, and one that evicts', async () => {
    const env = { REDIS_URL: redis.url };
    const well = await examine(env, ['--ignore', 'redis-access']);
    expect(well.ailments).toEqual(['endpoint problem']);
    expect(well.finding('redis').seen).toMatch(/^Redis \d+\.\d+\.\d+ at \S+ answers in [\d.]+ ms$/);
    expect(well.finding('redis-eviction').seen).toBe('no maxmemory');

    const admin = new Redis(redis.url);
    await admin.config('SET', 'maxmemory', '100mb', 'maxmemory-policy', 'allkeys-lru');
    await admin.quit();
    expect((await examine(env)).finding('redis-eviction')).toMatchObject({
      level: 'warning',
      seen: 'maxmemory-policy is allkeys-lru',
    });
  });

  it('finds credentials that Redis does not take', async () => {
    const url = new URL(redis.url);
    [url.username, url.password] = ['nobody', 'another-secret-password'];
    const { finding } = await examine({ REDIS_URL: url.href });
    expect(finding('redis')).toMatchObject({ level: 'problem', seen: expect.stringContaining('WRONGPASS') });
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

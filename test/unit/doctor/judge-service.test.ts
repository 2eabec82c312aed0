import { describe, expect, it } from 'vitest';
import type { CheckSpec } from '../../../src/doctor/check-spec.ts';
import { CHECKS } from '../../../src/doctor/checks.ts';
import { DESTINATION_CHECKS } from '../../../src/doctor/destination-checks.ts';
import { completed, exitCodeOf, ok, problem, warning, without } from '../../../src/doctor/finding.ts';
import { judgeRedis, type RedisObservation } from '../../../src/doctor/judge-redis.ts';
import { judgeStore } from '../../../src/doctor/judge-store.ts';
import type { StoreInspection } from '../../../src/store/inspect-store.ts';

describe('findings', () => {
  it('come to an exit code by the worst of them', () => {
    const well = [ok('clock', 'well')];
    expect(exitCodeOf(well)).toBe(0);
    expect(exitCodeOf([...well, warning('lifecycle', 'no rule')])).toBe(1);
    expect(exitCodeOf([warning('lifecycle', 'no rule'), problem('bucket', 'none')])).toBe(2);
  });

  it('that are ignored do not count, and are still told', () => {
    const told = without([warning('encryption', 'off'), problem('bucket', 'none')], ['encryption']);
    expect(told).toMatchObject([
      { id: 'encryption', level: 'skipped', seen: 'ignored as told: off' },
      { id: 'bucket', level: 'problem' },
    ]);
  });

  it('are complete and in the order of the table, whatever was found', () => {
    const findings = completed(
      DESTINATION_CHECKS,
      [ok('upload', 'taken'), problem('endpoint', 'down')],
      'because',
    );
    expect(findings.map(({ id }) => id)).toEqual(Object.keys(DESTINATION_CHECKS));
    expect(findings.filter(({ level }) => level === 'skipped').every(({ seen }) => seen === 'because')).toBe(
      true,
    );
  });

  it('have a place in the one table, each once', () => {
    expect(Object.keys(CHECKS).length).toBeGreaterThan(30);
    for (const { why } of Object.values<CheckSpec>(CHECKS)) expect(why).toMatch(/\.$/);
  });
});

describe('Redis', () => {
  const WELL: RedisObservation = {
    latencyMs: 1,
    instances: 1,
    version: '7.0.15',
    usedBytes: 10,
    maxBytes: 0,
    policy: 'noeviction',
  };
  const levels = (url: string, seen: Partial<RedisObservation> = {}) =>
    judgeRedis(new URL(url), { ...WELL, ...seen }).map(({ level }) => level);

  it.each([
    ['redis://127.0.0.1:6379', {}, ['ok', 'ok', 'ok']],
    ['redis://cache:6379', {}, ['ok', 'ok', 'warning']],
    ['rediss://:secret@cache:6379', {}, ['ok', 'ok', 'ok']],
    ['redis://127.0.0.1', { latencyMs: 60 }, ['warning', 'ok', 'ok']],
    ['redis://127.0.0.1', { maxBytes: 100, policy: 'allkeys-lru' }, ['ok', 'warning', 'ok']],
    ['redis://127.0.0.1', { maxBytes: 100, usedBytes: 91 }, ['ok', 'warning', 'ok']],
    ['redis://127.0.0.1', { maxBytes: 100, usedBytes: 90 }, ['ok', 'ok', 'ok']],
    ['redis://127.0.0.1', { maxBytes: undefined }, ['ok', 'skipped', 'ok']],
  ])('%s is judged by what it tells: %j', (url, seen, expected) => {
    expect(levels(url, seen)).toEqual(expected);
  });

  /** Security property: no password of a URL is printed. */
  it('is named without its password', () => {
    const url = new URL('redis://me:secret@cache:6379');
    for (const seen of [WELL, { failure: 'ECONNREFUSED' }])
      expect(JSON.stringify(judgeRedis(url, seen))).not.toContain('secret');
  });
});

describe('the key store', () => {
  const SETTINGS = { autoMigrate: true, databasePoolSize: 10, instances: 1 };
  const SCHEMA = { found: 2, known: 2, refusal: undefined };
  const sqlite = { kind: 'sqlite', path: 'keys.db', schema: SCHEMA, fileSystem: 0xef53 } as const;
  const postgres = {
    kind: 'postgres',
    version: '15',
    schema: SCHEMA,
    maxConnections: 97,
    usedConnections: 5,
  } as const;
  const levels = (inspection: StoreInspection, settings = {}) =>
    judgeStore({ inspection, latencyMs: 1 }, { ...SETTINGS, ...settings }).map(
      ({ id, level }) => `${id} ${level}`,
    );

  it('is well', () => {
    expect(levels(sqlite)).toEqual(['store ok', 'store-schema ok', 'store-place ok', 'store-pool skipped']);
    expect(levels(postgres)).toEqual(['store ok', 'store-schema ok', 'store-place ok', 'store-pool ok']);
  });

  it.each([
    [0x6969, 'NFS'],
    [0xff534d42, 'CIFS'],
    [0xff534d42 | 0, 'CIFS, as a signed number'],
  ])('is not to be on %i (%s)', (fileSystem) => {
    expect(levels({ ...sqlite, fileSystem })).toContain('store-place problem');
  });

  it('is not to be a file where instances share a Redis', () => {
    expect(levels(sqlite, { instances: 2 })).toContain('store-place warning');
    expect(levels(postgres, { instances: 2 })).toContain('store-place ok');
  });

  it.each([
    [{ found: 1, known: 2, refusal: undefined }, true, 'ok'],
    [{ found: 1, known: 2, refusal: undefined }, false, 'problem'],
    [{ found: 0, known: 2, refusal: undefined }, false, 'problem'],
    [{ found: undefined, known: 2, refusal: 'made by a newer presignd' }, true, 'problem'],
  ])('with the schema %j and leave to change it: %s, is %s', (schema, autoMigrate, level) => {
    expect(levels({ ...sqlite, schema }, { autoMigrate })).toContain(`store-schema ${level}`);
  });

  it('has connections for what an instance opens', () => {
    expect(levels({ ...postgres, usedConnections: 90 })).toContain('store-pool warning');
    expect(levels(postgres, { databasePoolSize: 200 })).toContain('store-pool problem');
  });
});

// A store that is lost and comes back from its backup, by the commands of docs/operations.md.
import { copyFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { describeUnless } from '../support/available.ts';
import { sendHttp1 } from '../support/http-requests.ts';
import { makePostgresPlace, type PostgresPlace } from '../support/postgres-place.ts';
import type { Program } from '../support/program.ts';
import {
  type CreatedKey,
  type Environment,
  openSandbox,
  type Sandbox,
  UNREACHABLE_S3,
} from '../support/sandbox.ts';
import { missingTool, runTool } from '../support/tool.ts';
import { askForUpload } from '../support/upload-calls.ts';

interface Keys {
  readonly kept: CreatedKey;
  readonly revokedBefore: CreatedKey;
  readonly revokedAfter: CreatedKey;
  readonly madeAfter: CreatedKey;
}

/** Security property: what was revoked before the backup stays so; what was revoked since is to be revoked again. */
const RESTORED = { kept: 200, revokedBefore: 401, revokedAfter: 200, madeAfter: 401 };
/** The pepper that the store makes for itself is in the backup; those of the settings are not. */
const PEPPERS = { PRESIGND_KEY_PEPPERS: 'one pepper of thirty-two or more characters' };

async function callAsAdministrator(program: Program, method: string, path: string, body?: string) {
  await expect.poll(() => program.announcedKey()).toBeDefined();
  const headers = { authorization: `Bearer ${program.announcedKey()}`, 'content-type': 'application/json' };
  const sent = body === undefined ? { method, headers } : { method, headers, body };
  const answer = await sendHttp1(`${program.url}/v1/api-keys${path}`, sent);
  expect(answer.status, answer.body).toBeLessThan(300);
  return JSON.parse(answer.body || '{}');
}

/** A store's life around its backup, of which the program that made the store stands witness. */
async function liveThrough(program: Program, makeBackup: () => Promise<void>): Promise<Keys> {
  const create = async (): Promise<CreatedKey> => {
    const made = await callAsAdministrator(program, 'POST', '', '{"name":"a test"}');
    return { id: made.id, token: made.api_key };
  };
  const revoke = ({ id }: CreatedKey) => callAsAdministrator(program, 'DELETE', `/${id}`);
  const [kept, revokedBefore, revokedAfter] = [await create(), await create(), await create()];
  await revoke(revokedBefore);
  await makeBackup();
  await revoke(revokedAfter);
  const keys = { kept, revokedBefore, revokedAfter, madeAfter: await create() };
  expect(await statusesOf(program, keys)).toEqual({ ...RESTORED, revokedAfter: 401, madeAfter: 200 });
  await program.stop();
  return keys;
}

async function statusesOf(program: Program, keys: Keys) {
  const statuses = Object.entries(keys).map(
    async ([name, { token }]) => [name, (await askForUpload(program.url, token)).status] as const,
  );
  return Object.fromEntries(await Promise.all(statuses));
}

/** What a service that starts on the store answers to each key. */
async function statusesAnew(sandbox: Sandbox, keys: Keys, env?: Environment) {
  await using program = await sandbox.start('serve', env);
  return statusesOf(program, keys);
}

let sandbox: Sandbox;
let file: string;
beforeEach(async () => {
  sandbox = await openSandbox(UNREACHABLE_S3);
  file = join(sandbox.folder, 'presignd.backup');
});
afterEach(() => sandbox[Symbol.asyncDispose]());

describe('a store on SQLite', () => {
  it('comes back from the backup that was made while it was in use, with the same peppers', async () => {
    const keys = await liveThrough(await sandbox.start('serve', PEPPERS), async () => {
      const { code, stdout, stderr } = await sandbox.run(['backup', file]);
      const told = `The key store was copied to ${file}.\n`;
      expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: told, stderr: '' });
    });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const path = join(sandbox.folder, '.presignd/presignd.db');
    await copyFile(file, path);
    for (const rest of ['-wal', '-shm']) await rm(path + rest, { force: true });
    expect(await statusesAnew(sandbox, keys)).toMatchObject({ kept: 401, revokedAfter: 401 });
    expect(await statusesAnew(sandbox, keys, PEPPERS)).toEqual(RESTORED);
    // A backup is never written over another one.
    expect(await sandbox.run(['backup', file])).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^The backup .*presignd\.backup cannot be made: EEXIST/),
    });
  });

  it('is not made where there is none to back up', async () => {
    const path = join(sandbox.folder, 'none.db');
    expect(await sandbox.run(['backup', file], { DATABASE_URL: `sqlite:${path}` })).toMatchObject({
      code: 1,
      stderr: `The key store ${path} cannot be backed up: it is not there\n`,
    });
    for (const missing of [path, file]) await expect(stat(missing)).rejects.toThrow('ENOENT');
  });
});

describe('a store on Postgres', () => {
  it('is backed up by tools of its own, which are named', async () => {
    const { code, stderr } = await sandbox.run(['backup', file], {
      DATABASE_URL: 'postgres://127.0.0.1:9/none',
    });
    expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining('Use: pg_dump ') });
  });
});

const postgresUrl = inject('postgresUrl');
// An older pg_dump refuses a newer server.
const missing =
  postgresUrl === undefined
    ? 'a Postgres'
    : ((await missingTool('pg_restore', ['--version'])) ??
      ((await missingTool('pg_dump', ['--schema-only', postgresUrl])) &&
        'a pg_dump that takes this Postgres'));

describeUnless(missing, 'a store on Postgres, with its tools', () => {
  let place: PostgresPlace;
  beforeEach(async () => {
    place = await makePostgresPlace(postgresUrl ?? '');
  });
  afterEach(() => place.remove());

  async function runWell(program: string, ...args: readonly string[]): Promise<void> {
    const { code, stdout, stderr } = await runTool(program, args);
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '', stderr: '' });
  }

  it('comes back from what pg_dump took while it was in use', async () => {
    const env = { DATABASE_URL: place.url };
    const keys = await liveThrough(await sandbox.start('serve', env), () =>
      runWell('pg_dump', '--format=custom', '--schema=presignd', `--file=${file}`, place.url),
    );
    await runWell('pg_restore', '--clean', '--if-exists', `--dbname=${place.url}`, file);
    expect(await statusesAnew(sandbox, keys, env)).toEqual(RESTORED);
  });
});

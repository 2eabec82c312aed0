import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSandbox, type Sandbox } from '../support/sandbox.ts';

describe('keys', () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await openSandbox();
  });
  afterAll(() => sandbox[Symbol.asyncDispose]());

  it('are made, listed and revoked in JSON, in the shape of the HTTP API', async () => {
    await using here = await openSandbox();
    const json = async (...args: string[]) =>
      JSON.parse((await here.run(['keys', ...args, '--json'])).stdout);
    const made = await json(
      'create',
      '--name',
      'Web shop ✓',
      '--owner',
      'acme',
      '--expires',
      '30d',
      '--test',
    );
    const { api_key: token, ...key } = made;
    expect(token).toMatch(/^pse_test_1[0-9A-Za-z]{49}$/);
    expect(key).toEqual({
      id: expect.stringMatching(/^key_[0-9A-Za-z]{22}$/),
      key_prefix: token.slice(0, 14),
      name: 'Web shop ✓',
      owner: 'acme',
      environment: 'test',
      scopes: ['uploads:create'],
      status: 'active',
      policy: null,
      rate_limit: null,
      expiration_date: expect.stringMatching(/^\d{4}-.*Z$/),
      created_at: expect.stringMatching(/^\d{4}-.*Z$/),
      revoked_at: null,
      revoke_reason: null,
      last_used_at: null,
      rotated_from: null,
      rotated_to: null,
      overlap_ends_at: null,
    });
    const lifeMs = Date.parse(key.expiration_date) - Date.parse(key.created_at);
    // Counted from the call, which takes a moment.
    expect(Math.round(lifeMs / 60_000)).toBe(30 * 24 * 60);

    const scopes = 'uploads:create,uploads:read';
    const { api_key: _secret, ...other } = await json('create', '--name', 'b', '--scopes', scopes);
    expect(other.scopes).toEqual(['uploads:create', 'uploads:read']);
    expect((await json('list')).map(({ id }: { id: string }) => id)).toEqual([other.id, key.id]);
    expect(await json('list', '--owner', 'acme')).toEqual([key]);

    const revoked = await json('revoke', key.id, '--reason', 'moved out');
    expect(revoked).toEqual({
      ...key,
      status: 'revoked',
      revoke_reason: 'moved out',
      revoked_at: expect.stringMatching(/^\d{4}-.*Z$/),
      propagation: 'pending',
    });
    const { propagation: _, ...shown } = revoked;
    expect(await json('show', key.id)).toEqual(shown);
    expect(await json('list', '--status', 'revoked')).toEqual([shown]);
    expect(await json('list', '--limit', '1')).toEqual([other]);
  });

  it('are printed so that a shell can take the secret alone', async () => {
    const { stdout, stderr } = await sandbox.run(['keys', 'create', '--name', 'for a shell']);
    expect(stdout).toMatch(/^pse_live_1[0-9A-Za-z]{49}\n$/);
    expect(stderr).toMatch(/^Made key_\w+ for default\. /);
  });

  it('are listed as a table that shows no secret', async () => {
    const { id, token } = await sandbox.createKey(['--owner', 'table']);
    const { stdout } = await sandbox.run(['keys', 'list', '--owner', 'table']);
    const [head, row] = stdout.split('\n');
    expect(head).toMatch(/^ID +NAME +OWNER +STATUS +KEY +CREATED +EXPIRES +LAST USED$/);
    expect(row).toMatch(new RegExp(`^${id} +a test +table +active +pse_live_1\\w{4}… .* never +never$`));
    expect(stdout).not.toContain(token);
  });

  it('that expire are shown as expired', async () => {
    await sandbox.createKey(['--owner', 'brief', '--expires', '1s']);
    await expect
      .poll(async () => (await sandbox.run(['keys', 'list', '--owner', 'brief'])).stdout, { timeout: 10_000 })
      .toContain(' expired ');
  });

  it('that do not exist cannot be revoked', async () => {
    const { code, stderr } = await sandbox.run(['keys', 'revoke', 'key_nobody']);
    expect(code).toBe(1);
    expect(stderr).toContain('There is no key key_nobody');
  });

  it('that are revoked already stay as they are', async () => {
    const { id } = await sandbox.createKey();
    const revoke = async () => JSON.parse((await sandbox.run(['keys', 'revoke', id, '--json'])).stdout);
    const first = await revoke();
    const second = await revoke();
    expect(second.revoked_at).toBe(first.revoked_at);
  });

  /** Security property: the store's file is of no use to other users of the machine, nor are the keys in it. */
  it('are never in the store, which belongs to its owner alone', async () => {
    const { token } = await sandbox.createKey();
    const folder = join(sandbox.folder, '.presignd');
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    for (const name of await readdir(folder)) {
      const path = join(folder, name);
      expect((await stat(path)).mode & 0o077).toBe(0);
      expect((await readFile(path)).includes(token.slice(14, -4))).toBe(false);
    }
  });
});

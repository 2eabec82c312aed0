// `presignd keys … --url`: the same commands through a server, with nothing but an API key.
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSandbox, type Sandbox, UNREACHABLE_S3 } from '../support/sandbox.ts';
import { openService, type Service } from '../support/service.ts';

const ALL_SCOPES = 'uploads:create,keys:read,keys:write';

let service: Service;
/** Another machine: no store, and an API key in its environment. */
let remote: Sandbox;
let admin: { readonly id: string; readonly token: string };

beforeAll(async () => {
  service = await openService(UNREACHABLE_S3);
  admin = await service.sandbox.createKey(['--owner', 'acme', '--scopes', ALL_SCOPES]);
  remote = await openSandbox({ PRESIGND_API_KEY: admin.token });
});
afterAll(async () => {
  await remote?.[Symbol.asyncDispose]();
  await service?.[Symbol.asyncDispose]();
});

const run = (...args: string[]) => remote.run(['keys', ...args, '--url', service.url]);
const json = async (...args: string[]) => JSON.parse((await run(...args, '--json')).stdout);
const stored = async (...args: string[]) =>
  JSON.parse((await service.sandbox.run(['keys', ...args, '--json'])).stdout);

describe('keys through a server', () => {
  it('are made, changed, rotated and revoked, and look the same as in the store', async () => {
    const { api_key: token, ...made } = await json(
      ...['create', '--name', 'remote', '--max-size', '5GiB', '--rate', '100/1m', '--expires', '30d'],
      ...['--bytes-per-month', '1TB', '--no-overwrite', '--test'],
    );
    expect(token).toMatch(/^pse_test_1[0-9A-Za-z]{49}$/);
    expect(made).toMatchObject({
      owner: 'acme',
      policy: { max_size: 5_368_709_120, allow_overwrite: false },
    });
    expect(await stored('show', made.id)).toEqual(made);
    expect(await json('show', made.id)).toEqual(made);

    const { propagation: _changed, ...changed } = await json(
      'update',
      made.id,
      '--max-size',
      '1KB',
      '--disable',
    );
    expect(changed).toEqual({
      ...made,
      status: 'disabled',
      policy: { ...made.policy, max_size: 1_000 },
    });
    await json('update', made.id, '--enable');
    const { api_key: _, ...replacement } = await json('rotate', made.id, '--overlap', '1h');
    expect(replacement).toMatchObject({ rotated_from: made.id, policy: changed.policy });
    expect(await stored('show', replacement.id)).toEqual(replacement);

    const { propagation: _revoked, ...revoked } = await json('revoke', made.id, '--reason', 'a & b = ü');
    expect(revoked).toMatchObject({ status: 'revoked', revoke_reason: 'a & b = ü' });
    expect(await stored('show', made.id)).toEqual(revoked);
  });

  it('are printed as the store prints them', async () => {
    await json('create', '--name', 'printed ✓');
    for (const args of [['list'], ['list', '--status', 'active'], ['show', admin.id]]) {
      const { stdout, stderr } = await run(...args);
      const mine = args[0] === 'list' ? ['--owner', 'acme'] : [];
      expect({ stdout, stderr }).toEqual({
        stdout: (await service.sandbox.run(['keys', ...args, ...mine])).stdout,
        stderr: '',
      });
    }
    const { stdout } = await run('create', '--name', 'for a shell');
    expect(stdout).toMatch(/^pse_live_1[0-9A-Za-z]{49}\n$/);
  });

  it('are listed over all pages', async () => {
    await using crowded = await openService(UNREACHABLE_S3);
    const { token } = await crowded.sandbox.createKey(['--scopes', ALL_SCOPES]);
    const create = () =>
      fetch(`${crowded.url}/v1/api-keys`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: '{"name":"one of many"}',
      });
    for (let n = 0; n < 205; n++) expect((await create()).status).toBe(200);
    const list = async (env: Record<string, string>, ...args: string[]) =>
      JSON.parse((await crowded.sandbox.run(['keys', 'list', '--json', ...args], env)).stdout);
    const env = { PRESIGND_API_KEY: token };
    const all = await list(env, '--url', crowded.url);
    expect(new Set(all.map(({ id }: { id: string }) => id)).size).toBe(207);
    expect(all).toEqual(await list({}));
    expect(await list(env, '--url', crowded.url, '--limit', '101')).toEqual(all.slice(0, 101));
  });

  it('are reached with a key from a file, and behind a path', async () => {
    const path = join(remote.folder, 'key');
    await writeFile(path, `${admin.token}\n`);
    const env = { PRESIGND_API_KEY: '', PRESIGND_API_KEY_FILE: path };
    const { code } = await remote.run(['keys', 'list', '--url', `${service.url}/`], env);
    expect(code).toBe(0);
    const wrong = await remote.run(['keys', 'list', '--url', `${service.url}/elsewhere`], env);
    expect(wrong).toMatchObject({ code: 1, stdout: '' });
    expect(wrong.stderr).toBe('There is nothing at this path (404).\n');
  });
});

describe('a refusal by a server', () => {
  it.each([
    ['an unknown id', ['show', 'key_nobody'], 1, 'There is no key key_nobody.'],
    ['a name that is too long', ['create', '--name', 'x'.repeat(101)], 2, '--name must be'],
    ['an unknown plan', ['create', '--name', 'x', '--plan', 'gold'], 2, '--plan '],
    ['a wrong item', ['create', '--name', 'x', '--extensions', 'png,?'], 2, '--extensions '],
    ['an overlap that is too long', ['rotate', 'key_x', '--overlap', '31d'], 2, '--overlap '],
    [
      'more than the caller may do',
      ['create', '--name', 'x', '--scopes', 'uploads:manage'],
      1,
      'scopes must not include uploads:manage',
    ],
  ])('for %s is told like one by the store', async (_, args, expected, message) => {
    const { code, stdout, stderr } = await run(...args);
    expect({ code, stdout }).toEqual({ code: expected, stdout: '' });
    expect(stderr).toContain(message);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  });

  it('names the keys of others as little as those that do not exist', async () => {
    const foreign = await service.sandbox.createKey(['--owner', 'somebody']);
    const { code, stderr } = await run('revoke', foreign.id);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: `There is no key ${foreign.id}. \`presignd keys list\` shows the keys.\n`,
    });
  });

  it('of the key, of its scope and of a mistyped one is one line each', async () => {
    const weak = await service.sandbox.createKey();
    const list = async (key: string) =>
      remote.run(['keys', 'list', '--url', service.url], { PRESIGND_API_KEY: key });
    expect((await list(weak.token)).stderr).toMatch(/^.*keys:read.*\(403\)\.\n$/);
    await service.sandbox.revokeKey(weak.id);
    await expect
      .poll(async () => (await list(weak.token)).stderr, { timeout: 20_000 })
      .toMatch(/^http\S+ does not accept the key in PRESIGND_API_KEY \(401\): .*\n$/);
    const mistyped = await list(`${admin.token.slice(0, -1)}`);
    expect(mistyped).toMatchObject({ code: 2, stdout: '' });
    expect(mistyped.stderr).toContain('PRESIGND_API_KEY is not an API key');
  });

  it('of a connection is one line', async () => {
    const { code, stdout, stderr } = await remote.run(['keys', 'list', '--url', 'http://127.0.0.1:9']);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^http:\/\/127\.0\.0\.1:9 cannot be asked: .*\n$/);
  });
});

/** Whoever is called need not be a presignd, and must not rule the terminal of who calls. */
describe('a server that answers with control characters', () => {
  it('has none of them printed', async () => {
    const evil = '\u001b]0;title\u0007\u009b2J';
    const answer = JSON.stringify({
      id: evil,
      owner: evil,
      api_key: evil,
      created_at: '2026-01-01T00:00:00Z',
    });
    const server = createServer((_, response) => response.end(answer)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const url = `http://127.0.0.1:${port}`;
    for (const args of [
      ['create', '--name', 'x'],
      ['create', '--name', 'x', '--json'],
      ['rotate', 'key_1'],
      ['show', 'key_1', '--json'],
    ]) {
      const { stdout, stderr } = await remote.run(['keys', ...args, '--url', url]);
      expect(stdout).toContain('title');
      expect((stdout + stderr).replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
    }
    server.close();
    server.closeAllConnections();
  });
});

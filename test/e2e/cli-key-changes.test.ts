// What `presignd keys` changes, and what is left of it: in the store, in tables and in the audit log.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSandbox, type Sandbox } from '../support/sandbox.ts';

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await openSandbox();
});
afterAll(() => sandbox?.[Symbol.asyncDispose]());

const json = async (...args: string[]) => JSON.parse((await sandbox.run(['keys', ...args, '--json'])).stdout);

describe('keys update', () => {
  it('changes what is named and nothing else', async () => {
    const { id } = await sandbox.createKey([
      '--max-size',
      '5MB',
      '--content-types',
      'image/*',
      '--plan',
      'free',
    ]);
    const before = await json('show', id);
    const { propagation: _, ...changed } = await json('update', id, '--max-size', '6MB', '--disable');
    expect(changed).toEqual({
      ...before,
      status: 'disabled',
      policy: { ...before.policy, max_size: 6_000_000 },
    });
    expect(await json('show', id)).toEqual(changed);
  });

  it('takes a rate for a plan, and lifts what it is told to lift', async () => {
    const { id } = await sandbox.createKey(['--max-size', '5MB', '--plan', 'free', '--bytes-per-day', '1GB']);
    expect(await json('update', id, '--rate', '7/1m')).toMatchObject({
      rate_limit: { plan: null, requests: 7, window_seconds: 60, bytes_per_day: 1_000_000_000 },
    });
    expect(await json('update', id, '--any-policy', '--extensions', 'png')).toMatchObject({
      policy: { max_size: null, extensions: ['png'] },
    });
    expect(await json('update', id, '--any-policy', '--default-rate')).toMatchObject({
      policy: null,
      rate_limit: null,
    });
  });

  it('shows the key as it is then', async () => {
    const { id } = await sandbox.createKey(['--owner', 'shown']);
    const { code, stdout, stderr } = await sandbox.run(['keys', 'update', id, '--max-expiry', '90s']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringMatching(/^Changed\. /) });
    expect(stdout).toMatch(new RegExp(`^id +${id}$`, 'm'));
    expect(stdout).toMatch(/^longest URL +90s$/m);
    expect((await sandbox.run(['keys', 'show', id])).stdout).toBe(stdout);
  });

  it('leaves a revoked key as it is', async () => {
    const { id } = await sandbox.createKey();
    await sandbox.revokeKey(id);
    const { code, stdout, stderr } = await sandbox.run(['keys', 'update', id, '--enable']);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/revoked/);
    expect(await json('show', id)).toMatchObject({ status: 'revoked' });
  });
});

describe('keys rotate', () => {
  it('prints the new secret alone, and ends the old key with the overlap', async () => {
    const { id, token } = await sandbox.createKey(['--owner', 'turning', '--max-size', '1KB']);
    const { code, stdout, stderr } = await sandbox.run(['keys', 'rotate', id, '--overlap', '2h']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^pse_live_1[0-9A-Za-z]{49}\n$/);
    expect(stdout.trim()).not.toBe(token);
    expect(stderr).toMatch(new RegExp(`^Made key_\\w+, which replaces ${id}\\. `));
    const [replacement, replaced] = await json('list', '--owner', 'turning');
    expect(replaced).toMatchObject({ id, status: 'active', rotated_to: replacement.id });
    expect(replacement).toMatchObject({ rotated_from: id, policy: { max_size: 1_000 }, status: 'active' });
    expect(replacement.key_prefix).toBe(stdout.slice(0, 14));
    const restMs = Date.parse(replaced.expiration_date) - Date.parse(replacement.created_at);
    expect(restMs).toBe(2 * 3_600_000);
  });

  it('without an overlap revokes the old key', async () => {
    const { id } = await sandbox.createKey();
    const { stderr } = await sandbox.run(['keys', 'rotate', id, '--overlap', '0s']);
    expect(stderr).toContain(`${id} is revoked.`);
    expect(await json('show', id)).toMatchObject({ status: 'revoked', rotated_to: expect.any(String) });
  });
});

describe('a key that does not exist', () => {
  it.each([['show'], ['update', '--disable'], ['rotate'], ['revoke']])(
    'is not found by %s',
    async (verb, ...args) => {
      const { code, stdout, stderr } = await sandbox.run(['keys', verb, 'key_nobody', ...args]);
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toBe('There is no key key_nobody. `presignd keys list` shows the keys.\n');
    },
  );

  /** Security property: a secret that is typed where an id belongs is not repeated. */
  it.each(['show', 'revoke', 'rotate'])('%s takes no secret for an id', async (verb) => {
    const { token } = await sandbox.createKey();
    const { code, stderr } = await sandbox.run(['keys', verb, token]);
    expect(code).toBe(2);
    expect(stderr).toContain('That is an API key itself');
    expect(stderr).not.toContain(token);
  });
});

describe('keys audit', () => {
  it('tells who changed what, newest first', async () => {
    await using here = await openSandbox();
    const { id } = await here.createKey(['--name', 'told']);
    await here.run(['keys', 'update', id, '--disable', '--max-size', '5MB']);
    await here.run(['keys', 'update', id, '--enable']);
    await here.run(['keys', 'rotate', id]);
    await here.run(['keys', 'revoke', id, '--reason', 'no longer needed']);
    const [head, ...rows] = (await here.run(['keys', 'audit'])).stdout.trimEnd().split('\n');
    expect(head).toMatch(/^TIME +ACTOR +ACTION +KEY +CHANGE +ADDRESS$/);
    const tails = rows.map((row) => row.replace(/^\S+ \S+ +cli +/, '').replaceAll(/ +/g, ' '));
    expect(tails).toEqual([
      `revoke ${id} status active → revoked, revoke_reason – → no longer needed`,
      expect.stringMatching(new RegExp(`^rotate ${id} expiration_date – → .*, rotated_to – → key_`)),
      `update ${id} status disabled → active`,
      `update ${id} status active → disabled, policy.max_size – → 5000000`,
      `create ${id} name told, status active, scopes uploads:create`,
    ]);
  });

  it('has all of it for programs, and no secret', async () => {
    await using here = await openSandbox();
    const { id, token } = await here.createKey();
    const other = await here.createKey(['--owner', 'acme']);
    await here.revokeKey(id);
    const read = async (...args: string[]) =>
      JSON.parse((await here.run(['keys', 'audit', '--json', ...args])).stdout);
    const records = await read('--key', id);
    expect(records).toEqual([
      {
        seq: expect.any(Number),
        time: expect.stringMatching(/^\d{4}-.*Z$/),
        actor: 'cli',
        action: 'revoke',
        owner: 'default',
        key_id: id,
        address: '',
        request_id: '',
        before: expect.objectContaining({ id, status: 'active', revoked_at: null }),
        after: expect.objectContaining({ id, status: 'revoked', revoked_at: expect.any(String) }),
      },
      expect.objectContaining({ action: 'create', before: null }),
    ]);
    expect(JSON.stringify(records)).not.toContain(token.slice(14));
    expect((await read('--owner', 'acme')).map(({ key_id }: { key_id: string }) => key_id)).toEqual([
      other.id,
    ]);
    expect(await read('--limit', '1')).toHaveLength(1);
  });
});

// The first key of an empty store, and the schema that it is kept in.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Program } from '../support/program.ts';
import { openSandbox, UNREACHABLE_S3 } from '../support/sandbox.ts';
import { askForUpload } from '../support/upload-calls.ts';

/** What the key says of itself. */
async function whoAmI(program: Program, token: string) {
  const answer = await fetch(`${program.url}/v1/api-keys/self`, {
    headers: { authorization: `Bearer ${token}` },
  });
  return { status: answer.status, ...(await answer.json()) };
}

describe('presignd serve on an empty store', () => {
  /** Security property: the log of the administrator's first start is not a place to find a key. */
  it('prints an administrator once to stderr, outside the log', async () => {
    await using sandbox = await openSandbox(UNREACHABLE_S3);
    const first = await sandbox.start();
    await first.untilPrinted('It is shown this once');
    await first.untilPrinted('presignd keys create');
    const token = first.announcedKey() ?? '';
    expect(await whoAmI(first, token)).toMatchObject({
      status: 200,
      key: { owner: 'default', scopes: expect.arrayContaining(['keys:write', 'uploads:create']) },
    });
    expect(JSON.stringify(first.log())).not.toContain(token.slice(14));
    expect(await first.stop()).toBe(0);

    const second = await sandbox.start();
    expect((await askForUpload(second.url, token)).status).toBe(200);
    expect(second.output()).not.toContain('shown this once');
    expect(second.announcedKey()).toBeUndefined();
  });

  it('is made by one of two that start at once', async () => {
    await using sandbox = await openSandbox(UNREACHABLE_S3);
    const programs = await Promise.all([sandbox.start(), sandbox.start()]);
    await expect
      .poll(() => programs.filter((program) => program.announcedKey() !== undefined).length, {
        timeout: 10_000,
      })
      .toBe(1);
    expect(JSON.parse((await sandbox.run(['keys', 'list', '--json'])).stdout)).toHaveLength(1);
    const [token = ''] = programs.flatMap((program) => program.announcedKey() ?? []);
    for (const program of programs) expect((await askForUpload(program.url, token)).status).toBe(200);
  });

  it.each([
    ['the pepper of the store', {}],
    ['a configured pepper', { PRESIGND_KEY_PEPPERS: 'one pepper of thirty-two or more characters' }],
  ])('takes a token minted with %s, and prints none', async (_, env) => {
    await using sandbox = await openSandbox({ ...UNREACHABLE_S3, ...env });
    const minted = await sandbox.run(['keys', 'mint']);
    expect(minted).toMatchObject({ code: 0, stderr: expect.stringContaining('Stored nowhere') });
    expect(minted.stdout).toMatch(/^pse_live_1[0-9A-Za-z]{49}\n$/);
    const token = minted.stdout.trim();
    expect((await sandbox.run(['keys', 'list', '--json'])).stdout).toBe('[]\n');

    const file = join(sandbox.folder, 'bootstrap-key');
    await writeFile(file, minted.stdout);
    for (let start = 0; start < 2; start++) {
      const program = await sandbox.start('serve', { PRESIGND_BOOTSTRAP_KEY_FILE: file });
      await expect.poll(async () => (await askForUpload(program.url, token)).status).toBe(200);
      expect(program.output()).not.toContain('pse_');
      expect(await program.stop()).toBe(0);
    }
    expect((await sandbox.run(['keys', 'audit'])).stdout).toMatch(/ bootstrap +create /);
  });

  it('is left alone by `presignd dev`, whose own key comes first', async () => {
    await using sandbox = await openSandbox();
    const program = await sandbox.start('dev');
    await program.untilPrinted('Ctrl-C stops it.');
    expect(program.output()).not.toContain('pse_');
    const [key, ...others] = JSON.parse((await sandbox.run(['keys', 'list', '--json'])).stdout);
    expect(others).toEqual([]);
    expect(key).toMatchObject({ name: 'presignd dev', scopes: expect.arrayContaining(['keys:write']) });
    expect((await sandbox.run(['keys', 'audit'])).stdout).toMatch(/ dev +create /);
  });
});

describe('presignd migrate', () => {
  it('makes the schema where the service may not, and then finds nothing to do', async () => {
    await using sandbox = await openSandbox({ ...UNREACHABLE_S3, PRESIGND_AUTO_MIGRATE: 'false' });
    await expect(sandbox.start()).rejects.toThrow(/presignd migrate/);
    const check = await sandbox.run(['migrate', '--check']);
    expect(check.stdout).toMatch(/^There is no schema yet; this presignd makes version \d+\.\n$/);
    const first = await sandbox.run(['migrate']);
    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect(first.stdout).toMatch(/^The schema had version 0 and now has \d+\.\n$/);
    const again = await sandbox.run(['migrate', '--json']);
    expect(again).toMatchObject({ code: 0, stderr: '' });
    const { from, to } = JSON.parse(again.stdout);
    expect(from).toBe(to);
    expect(to).toBeGreaterThan(0);
    expect((await sandbox.run(['migrate'])).stdout).toBe(
      `The schema has version ${to}, which is up to date.\n`,
    );
    await sandbox.createKey();
    const program = await sandbox.start();
    expect(await program.stop()).toBe(0);
  });

  it('of what is no database of ours says so and changes nothing', async () => {
    await using sandbox = await openSandbox();
    const path = join(sandbox.folder, 'notes.txt');
    await writeFile(path, 'These are my notes. '.repeat(100));
    const { code, stderr } = await sandbox.run(['migrate'], { DATABASE_URL: `sqlite:${path}` });
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: `The key store ${path} cannot be used: file is not a database\n`,
    });
  });
});

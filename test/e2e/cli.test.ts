import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSandbox, type Sandbox, UNREACHABLE_S3 } from '../support/sandbox.ts';
import type { Finished } from '../support/tool.ts';
import { getUpload } from '../support/upload-calls.ts';

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await openSandbox();
});
afterAll(() => sandbox[Symbol.asyncDispose]());

const run = (command: string, env?: Readonly<Record<string, string>>): Promise<Finished> =>
  sandbox.run(command.split(' ').filter(Boolean), env);

const COMMANDS = [
  'serve',
  'dev',
  'keys create',
  'keys list',
  'keys show',
  'keys update',
  'keys rotate',
  'keys revoke',
  'keys audit',
  'keys mint',
  'migrate',
  'backup',
];

describe('help', () => {
  it.each(['', '--help', '-h', 'help'])('is what `presignd %s` prints', async (command) => {
    const { code, stdout, stderr } = await run(command);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const name of COMMANDS) expect(stdout).toMatch(new RegExp(`^ {2}${name} `, 'm'));
  });

  it.each(COMMANDS)('explains %s, in lines that fit a terminal', async (command) => {
    const { code, stdout, stderr } = await run(`${command} --help`);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain(`Usage: presignd ${command}`);
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(120);
  });

  it.each(['keys --help', 'keys help', 'keys -h'])(
    'lists the commands of a group with `%s`',
    async (command) => {
      const { code, stdout, stderr } = await run(command);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toMatch(/^ {2}keys rotate /m);
      expect(stdout).not.toMatch(/^ {2}serve /m);
    },
  );

  it('lists every setting with its default', async () => {
    const { stdout } = await run('serve --help');
    expect(stdout).toMatch(/^ {2}PRESIGND_URL_TTL .*\[15m\]/ms);
    expect(stdout).toMatch(/^ {2}DATABASE_URL /m);
  });

  it('fits a terminal', async () => {
    const { stdout } = await run('serve --help');
    expect(Math.max(...stdout.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(100);
  });

  it('has the version', async () => {
    expect(await run('--version')).toEqual({
      code: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
      stderr: '',
    });
  });
});

describe('a wrong call', () => {
  it.each([
    ['serv', 'There is no command "serv". Did you mean serve'],
    ['keys creat --name x', 'There is no command "keys creat". Did you mean keys create'],
    ['keys lose', 'There is no command "keys lose"'],
    ['uplaod x', 'There is no command "uplaod x"'],
    ['keys', '`keys` needs a second word'],
    ['keys', 'keys revoke'],
    ['keys create', '--name is missing'],
    ['keys create --nam x', "Unknown option '--nam'"],
    ['keys create --name', "'--name <value>' argument missing"],
    ['keys create --name x --expires soon', '--expires must be a duration'],
    ['keys create --name x --expires 2020-01-01T00:00:00Z', '--expires must be in the future'],
    ['keys create --name x --owner a/b', '--owner must be 1 to 100 letters'],
    ['keys create --name x --scopes uploads:create,fly', '--scopes must be one or more of uploads:create'],
    ['keys create --name x --scopes ,', '--scopes must be a list'],
    ['keys create --name x --max-size 1e6', '--max-size must be a size'],
    ['keys create --name x --content-types image', '--content-types must be 1 to 100 media types'],
    ['keys create --name x --key-prefix ../', '--key-prefix must be'],
    ['keys create --name x --plan gold', '--plan '],
    ['keys create --name x --plan free --rate 1/1m', '--plan and --rate exclude each other'],
    ['keys create --name x --rate 5', '--rate must be calls per window'],
    ['keys list --status lost', '--status must be active, disabled, expired, revoked'],
    ['keys list --limit 0', '--limit must be a number from 1'],
    ['keys show', 'exactly one KEY_ID'],
    ['keys revoke', 'exactly one KEY_ID'],
    ['keys revoke a b', 'exactly one KEY_ID'],
    ['keys update key_1', 'Say what to change'],
    ['keys update key_1 --enable --disable', '--disable and --enable exclude each other'],
    ['keys rotate key_1 --overlap 31d', '--overlap must be 0 seconds to 30 days'],
    ['keys rotate key_1 --overlap tomorrow', '--overlap must be a duration'],
    ['keys audit --url http://127.0.0.1:9', "Unknown option '--url'"],
    ['keys list --url 127.0.0.1:8080', '--url must be such as http://127.0.0.1:8080'],
    ['keys list --url http://127.0.0.1:9', 'PRESIGND_API_KEY must be set'],
    ['keys list --url http://127.0.0.1:9 --owner a', '--owner and --url exclude each other'],
    ['serve now', "Unexpected argument 'now'"],
  ])('`presignd %s` ends with 2 and says what is wrong', async (command, message) => {
    const { code, stdout, stderr } = await run(command);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(message);
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  it('tells every wrong option of a key at once, and makes none', async () => {
    await using here = await openSandbox();
    const wrong = ['--name', 'x', '--owner', '/', '--expires', '2020-01-01T00:00:00Z', '--extensions', '?'];
    const { code, stderr } = await here.run(['keys', 'create', ...wrong]);
    expect({ code, lines: stderr.trim().split('\n').length }).toEqual({ code: 2, lines: 3 });
    expect((await here.run(['keys', 'list', '--json'])).stdout).toBe('[]\n');
  });

  it('leaves no files behind', async () => {
    await using here = await openSandbox();
    await here.run(['keys', 'create']);
    await here.run(['keys', 'revoke']);
    await here.run(['keys', 'mint'], { PRESIGND_KEY_PEPPERS: 'a pepper that is 32 characters long' });
    await here.run(['serve'], { PORT: 'x' });
    expect(await readdir(here.folder)).toEqual([]);
  });
});

describe('wrong settings', () => {
  it('are told all at once, with the names that may have been meant', async () => {
    const { code, stderr } = await run('serve', {
      PRESIGND_BUKET: 'uploads',
      PORT: '99999',
      PRESIGND_URL_TTL: '8d',
      PRESIGND_S3_ENDPOINT: 'nonsense',
      REDIS_URL: 'http://127.0.0.1',
    });
    expect(code).toBe(2);
    for (const problem of [
      'PRESIGND_BUKET is not a setting; did you mean PRESIGND_BUCKET?',
      'PRESIGND_BUCKET must be set',
      'PORT must be an integer from 0 to 65535',
      'PRESIGND_URL_TTL must be a duration from 1s to 7d',
      'PRESIGND_S3_ENDPOINT must be a URL',
      'REDIS_URL must start with redis:',
    ]) {
      expect(stderr).toContain(`  - ${problem}`);
    }
  });

  /** Security property: a secret in the wrong place is not repeated. */
  it('are told without their values', async () => {
    const { code, stderr } = await run('keys list', {
      DATABASE_URL: 'mysql://user:hunter2@db/keys',
      REDIS_URL: 'hunter2',
      PRESIGND_URL_TTL: 'hunter2',
      PRESIGND_API_KEY: 'hunter2',
      PRESIGND_KEY_PEPPERS_FILE: '/nowhere/hunter2',
    });
    expect(code).toBe(2);
    expect(stderr).not.toContain('hunter2');
    expect(stderr).toContain('PRESIGND_KEY_PEPPERS cannot be read from the file');
  });

  it('of a store that cannot be opened name the file', async () => {
    const path = join(sandbox.folder, 'notes.txt');
    await writeFile(path, 'These are my notes. '.repeat(100));
    const { code, stderr } = await run('keys list', { DATABASE_URL: `sqlite:${path}` });
    expect(code).toBe(1);
    expect(stderr).toBe(`The key store ${path} cannot be used: file is not a database\n`);
  });
});

describe('settings from files', () => {
  it('are read from the file that NAME_FILE names, less its last line break', async () => {
    await using here = await openSandbox();
    const settings = { ...UNREACHABLE_S3, DATABASE_URL: `sqlite:${join(here.folder, 'elsewhere.db')}` };
    const files = await Promise.all(
      ['DATABASE_URL', 'PRESIGND_BUCKET', 'PRESIGND_S3_ENDPOINT'].map(async (name) => {
        const path = join(here.folder, name);
        await writeFile(path, `${settings[name as keyof typeof settings]}\n`);
        return [`${name}_FILE`, path] as const;
      }),
    );
    const { PRESIGND_BUCKET: _bucket, PRESIGND_S3_ENDPOINT: _endpoint, ...others } = UNREACHABLE_S3;
    const env = { ...others, ...Object.fromEntries(files) };
    const { token } = await here.createKey([], env);
    const { url } = await here.start('serve', env);
    expect((await getUpload(url, token)).publicUrl).toMatch(/^http:\/\/127\.0\.0\.1:9\/uploads\//);
    expect((await here.run(['keys', 'list', '--json'])).stdout).toBe('[]\n');
  });

  it('are refused beside the variable itself', async () => {
    const { code, stderr } = await run('keys list', { REDIS_URL: 'redis://a', REDIS_URL_FILE: '/b' });
    expect(code).toBe(2);
    expect(stderr).toContain('REDIS_URL and REDIS_URL_FILE are both set: keep one');
  });
});

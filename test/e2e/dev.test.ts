import { chmod, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sendHttp1 } from '../support/http-requests.ts';
import type { Program } from '../support/program.ts';
import { openSandbox, type Sandbox } from '../support/sandbox.ts';
import { devKey } from '../support/service.ts';
import { missingTool, runTool } from '../support/tool.ts';
import { askForUpload, getUpload, HELLO, upload } from '../support/upload-calls.ts';

const missingCurl = await missingTool('bash', ['-c', 'curl --version && sed --version']);

const keyFileOf = (sandbox: Sandbox) => join(sandbox.folder, '.presignd/dev-api-key');

/** The lines that `presignd dev` prints for pasting. */
async function printedCommands(program: Program): Promise<{ ask: string; upload: string }> {
  await program.untilPrinted('Ctrl-C stops it.');
  const lines = program.output().split('\n');
  return {
    ask: lines.find((line) => line.startsWith('curl ')) ?? '',
    upload: lines.find((line) => line.startsWith('printf ')) ?? '',
  };
}

describe('presignd dev', () => {
  it('is ready with nothing set, and says where everything is', async () => {
    await using sandbox = await openSandbox();
    const program = await sandbox.start('dev');
    const token = await devKey(sandbox, program);
    expect(token).toMatch(/^pse_test_1/);
    expect(program.output()).toContain(program.url);
    expect(program.output()).toContain(keyFileOf(sandbox));
    expect((await readFile(join(sandbox.folder, '.presignd/dev-url'), 'utf8')).trim()).toBe(program.url);
    expect((await sendHttp1(`${program.url}/health`)).status).toBe(200);
    // Loopback only, although `serve` listens everywhere.
    expect(program.log().find(({ msg }) => msg === 'listening')).toMatchObject({ host: '127.0.0.1' });
  });

  it.skipIf(missingCurl !== undefined)('prints commands that work as they are pasted', async () => {
    await using sandbox = await openSandbox({}, "presignd it's a $HOME-");
    const program = await sandbox.start('dev');
    const commands = await printedCommands(program);
    const paste = (command: string) => runTool('bash', ['-c', command], { cwd: '/' });

    const asked = await paste(commands.ask);
    expect({ code: asked.code, stderr: asked.stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(asked.stdout)).toMatchObject({ method: 'PUT', uploadUrl: expect.any(String) });

    const uploaded = await paste(commands.upload);
    expect({ code: uploaded.code, stderr: uploaded.stderr }).toEqual({ code: 0, stderr: '' });
    expect(uploaded.stdout).toMatch(/^HTTP\/1\.1 200 OK\r\n/);

    const refused = await paste(commands.upload.replace('Hello, world!', 'Hello, world!!'));
    expect(refused.stdout).toMatch(/^HTTP\/1\.1 403 .*SignatureDoesNotMatch/s);
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('ends with 0 on %s', async (signal) => {
    await using sandbox = await openSandbox();
    const program = await sandbox.start('dev');
    await devKey(sandbox, program);
    expect(await program.stop(signal)).toBe(0);
    expect(program.log().at(-1)).toMatchObject({ msg: 'stopped', clean: true });
    await expect(stat(join(sandbox.folder, '.presignd/dev-url'))).rejects.toThrow('ENOENT');
  });

  it('keeps its key and what was uploaded from one start to the next', async () => {
    await using sandbox = await openSandbox();
    const first = await sandbox.start('dev');
    const token = await devKey(sandbox, first);
    const answer = await getUpload(first.url, token);
    expect((await upload(answer, HELLO.content)).status).toBe(200);
    expect(await first.stop('SIGINT')).toBe(0);

    const second = await sandbox.start('dev');
    expect(await devKey(sandbox, second)).toBe(token);
    const again = await getUpload(second.url, token);
    expect(again.fileKey).not.toBe(answer.fileKey);
    // Its S3 may be on another port this time.
    const read = await fetch(again.publicUrl.replace(again.fileKey, answer.fileKey));
    expect(await read.text()).toBe(HELLO.content.toString());
    // Its credentials are new, so that what was signed before is void.
    const stale = await upload(
      { ...answer, uploadUrl: answer.uploadUrl.replace(/:\d+/, portOf(again.uploadUrl)) },
      HELLO.content,
    );
    expect(stale.status).toBe(403);
  });

  /** Security property: other users of the machine cannot read the key. */
  it('keeps its key for its owner alone, also where the file was there before', async () => {
    await using sandbox = await openSandbox();
    const first = await sandbox.start('dev');
    await devKey(sandbox, first);
    expect((await stat(keyFileOf(sandbox))).mode & 0o777).toBe(0o600);
    expect((await stat(join(sandbox.folder, '.presignd'))).mode & 0o777).toBe(0o700);
    await first.stop();

    await writeFile(keyFileOf(sandbox), 'not a key\n');
    await chmod(keyFileOf(sandbox), 0o644);
    const second = await sandbox.start('dev');
    expect(await devKey(sandbox, second)).toMatch(/^pse_test_1/);
    expect((await stat(keyFileOf(sandbox))).mode & 0o777).toBe(0o600);
  });

  it('makes a new key when the kept one was revoked', async () => {
    await using sandbox = await openSandbox();
    const first = await sandbox.start('dev');
    const token = await devKey(sandbox, first);
    await first.stop();
    const [key] = JSON.parse((await sandbox.run(['keys', 'list', '--json'])).stdout);
    await sandbox.revokeKey(key.id);

    const second = await sandbox.start('dev');
    const fresh = await devKey(sandbox, second);
    expect(fresh).not.toBe(token);
    expect((await askForUpload(second.url, token)).status).toBe(401);
    expect((await askForUpload(second.url, fresh)).status).toBe(200);
  });

  it('takes another port when its usual one is taken, and fails on a taken port that was asked for', async () => {
    await using sandbox = await openSandbox();
    await using elsewhere = await openSandbox();
    const first = await sandbox.start('dev');
    const taken = String(first.port);
    await expect(elsewhere.start('dev', { PORT: taken })).rejects.toThrow(/EADDRINUSE/);
  });

  it('does not start in production', async () => {
    await using sandbox = await openSandbox({ NODE_ENV: 'production' });
    const { code, stderr } = await sandbox.run(['dev']);
    expect(code).toBe(1);
    expect(stderr).toContain('NODE_ENV=production');
  });
});

function portOf(url: string): string {
  return `:${new URL(url).port}`;
}

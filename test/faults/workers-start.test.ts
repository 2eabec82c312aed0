import { createServer } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { openSandbox, UNREACHABLE_S3 } from '../support/sandbox.ts';
import { askForUpload } from '../support/upload-calls.ts';
import { linesWith } from '../support/worker-service.ts';

const WORKERS = '3';

it('several workers share a free port, which the log tells once, and make one administrator', async () => {
  await using sandbox = await openSandbox({ ...UNREACHABLE_S3, PRESIGND_WORKERS: WORKERS });
  const program = await sandbox.start();
  expect(program.output().match(/shown this once/g)).toHaveLength(1);
  expect(linesWith(program, 'listening')).toMatchObject([{ port: program.port, workers: Number(WORKERS) }]);
  expect(linesWith(program, 'an administrator was made')).toMatchObject([{ worker: 1 }]);
  expect(
    linesWith(program, 'worker serves')
      .map(({ worker }) => worker)
      .sort(),
  ).toEqual([1, 2, 3]);
  const token = program.announcedKey() ?? '';
  for (let call = 0; call < 6; call++) expect((await askForUpload(program.url, token)).status).toBe(200);
  expect(await program.stop()).toBe(0);
});

it.each([
  ['a setting is wrong', async () => ({ PRESIGND_BUKET: 'uploads' })],
  ['the port is taken', async () => ({ HOST: '127.0.0.1', PORT: String(await takenPort()) })],
  ['the store cannot be opened', async () => ({ DATABASE_URL: 'sqlite:/dev/null/presignd.db' })],
])('several workers fail as one process does, once, when %s', async (_, spoil) => {
  await using sandbox = await openSandbox(UNREACHABLE_S3);
  const env = { ...(await spoil()) };
  const alone = await sandbox.run(['serve'], env);
  const together = await sandbox.run(['serve', '--workers', WORKERS], env);
  expect(alone.code).not.toBe(0);
  expect({ code: together.code, stderr: together.stderr }).toEqual({
    code: alone.code,
    stderr: alone.stderr,
  });
});

it.each(['0', '-1', '257', 'many', ''])('refuses %j workers', async (workers) => {
  await using sandbox = await openSandbox(UNREACHABLE_S3);
  const { code, stderr } = await sandbox.run(['serve', `--workers=${workers}`]);
  expect({ code, stderr }).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('from 1 to 256, or auto'),
  });
});

async function takenPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, chown, constants, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { guard } from './guard.ts';
import { untilAnswers, withFreePort } from './server-start.ts';
import type { ServerSpec, TestServer } from './test-server.ts';

/** By long convention, and on every system that this has run on. */
const NOBODY = 65_534;

/** What of a server's description a process needs. */
export type ProcessSpec = Pick<
  ServerSpec,
  'environment' | 'program' | 'programArguments' | 'prepareProgram' | 'avoidsRoot' | 'answers'
>;

/** Starts the server as a child process with a temporary folder. Throws when its program is not on the PATH. */
export async function startProcess(spec: ProcessSpec): Promise<TestServer> {
  const program = await findOnPath(spec.program);
  if (program === undefined) throw new Error(`no ${spec.program} on the PATH`);
  const folder = await mkdtemp(join(tmpdir(), `presignd-${spec.program}-`));
  const forgetFolder = guard({ kind: 'folder', id: folder });
  if (spec.avoidsRoot) await chown(folder, userOf(spec).uid ?? -1, -1);
  if (spec.prepareProgram !== undefined) {
    const [name, ...args] = spec.prepareProgram;
    await promisify(execFile)(name, args, { cwd: folder, ...userOf(spec) });
  }
  const run = (port: number) => runProgram(spec, program, port, folder);
  const { port, first } = await withFreePort(async (port) => ({ port, first: await run(port) }));
  let child = first;
  return {
    host: '127.0.0.1',
    port,
    runs: `process ${program}`,
    async pause() {
      child.kill('SIGSTOP');
    },
    async resume() {
      child.kill('SIGCONT');
    },
    kill: () => end(child),
    async restart() {
      await end(child);
      child = await run(port);
    },
    async stop() {
      await end(child);
      await rm(folder, { recursive: true, force: true });
      forgetFolder();
    },
  };
}

async function runProgram(spec: ProcessSpec, program: string, port: number, folder: string) {
  const child = spawn(program, [...spec.programArguments(port, folder)], {
    cwd: folder,
    env: { ...process.env, ...spec.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...userOf(spec),
  });
  const forget = child.pid === undefined ? () => {} : guard({ kind: 'process', id: String(child.pid) });
  const output: Buffer[] = [];
  const collect = (chunk: Buffer) => output.push(chunk);
  child.stdout.on('data', collect);
  child.stderr.on('data', collect);
  const ended = new AbortController();
  child.once('error', (error) => ended.abort(error));
  child.once('exit', () => {
    forget();
    ended.abort(new Error(`${program} ended: ${Buffer.concat(output).toString().slice(-2_000)}`));
  });
  await untilAnswers(() => spec.answers('127.0.0.1', port), ended.signal);
  // Whoever else answers on this port, it is not our child.
  ended.signal.throwIfAborted();
  for (const stream of [child.stdout, child.stderr]) stream.off('data', collect).resume();
  return child;
}

function userOf({ avoidsRoot = false }: Pick<ServerSpec, 'avoidsRoot'>): { readonly uid?: number } {
  return avoidsRoot && process.getuid?.() === 0 ? { uid: NOBODY } : {};
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}

async function findOnPath(program: string): Promise<string | undefined> {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const path = join(folder, program);
    const executable = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (executable) return path;
  }
  return undefined;
}

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { guard } from './guard.ts';

export interface Finished {
  /** The exit code, or null after a signal. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  /** The whole environment; without it, that of the tests. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs a program to its end. It never reads from a terminal, and ends with the test run at the latest. */
export async function runTool(
  program: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Finished> {
  const child = spawn(program, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  guardChild(child);
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code: child.exitCode, stdout, stderr };
}

/** What to say where a tool is not installed or lacks a part that `args` try out; undefined where it works. */
export async function missingTool(program: string, args: readonly string[]): Promise<string | undefined> {
  const outcome = await runTool(program, args).catch(() => undefined);
  return outcome?.code === 0 ? undefined : `\`${[program, ...args].join(' ')}\` does not work`;
}

/** Has the child killed when the test run ends before it, however that ends. */
export function guardChild(child: ChildProcess): void {
  if (child.pid === undefined) return;
  child.once('exit', guard({ kind: 'process', id: String(child.pid) }));
}

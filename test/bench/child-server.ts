import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { guard } from '../support/guard.ts';
import { untilAnswers, withFreePort } from '../support/server-start.ts';

/** A server in a process of its own. Disposing ends it. */
export interface ChildServer extends AsyncDisposable {
  readonly pid: number;
  readonly port: number;
}

export interface ChildSpec {
  /** Instead of this Node. */
  readonly program?: string;
  readonly arguments: (port: number) => readonly string[];
  /** All that the process gets, beside PATH. */
  readonly environment?: (port: number) => Readonly<Record<string, string>>;
  /** Without it, the server is ready when its port accepts connections. */
  readonly isReady?: (port: number) => Promise<boolean>;
}

const STOP_TIMEOUT_MS = 10_000;

/** Starts the server on a free port of 127.0.0.1, its output thrown away, and waits until it is ready. */
export function startChildServer(spec: ChildSpec): Promise<ChildServer> {
  const isReady = spec.isReady ?? acceptsConnections;
  return withFreePort(async (port) => {
    const child = spawnChild(spec.arguments(port), spec.environment?.(port), spec.program);
    try {
      await untilAnswers(() => isReady(port), child.ended);
    } catch (error) {
      await child[Symbol.asyncDispose]();
      throw error;
    }
    return { pid: child.pid, port, [Symbol.asyncDispose]: child[Symbol.asyncDispose] };
  });
}

export interface Child extends AsyncDisposable {
  readonly pid: number;
  /** Aborts when the process has ended. */
  readonly ended: AbortSignal;
}

/** Starts a program that does not outlive this one. Disposing asks it to end, and insists after ten seconds. */
export function spawnChild(
  programArguments: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  program = process.execPath,
  cwd?: string,
): Child {
  const child = spawn(program, [...programArguments], {
    env: { PATH: process.env['PATH'], ...environment },
    stdio: ['ignore', 'ignore', 'inherit'],
    cwd,
  });
  const ended = new AbortController();
  const forget = child.pid === undefined ? () => {} : guard({ kind: 'process', id: String(child.pid) });
  child.once('error', (error) => ended.abort(error));
  child.once('exit', (code, signal) => {
    forget();
    ended.abort(new Error(`${[program, programArguments[0]].join(' ')} ended with ${signal ?? code}`));
  });
  return { pid: child.pid ?? 0, ended: ended.signal, [Symbol.asyncDispose]: () => end(child) };
}

/** Absolute path of a file of the repository. */
export function repositoryPath(path: string): string {
  return fileURLToPath(new URL(`../../${path}`, import.meta.url));
}

async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  const insist = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
  await exit;
  clearTimeout(insist);
}

async function acceptsConnections(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } finally {
    socket.destroy();
  }
}

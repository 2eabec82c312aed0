// `presignd serve` with several workers, and what its log tells of them.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { LogLine, Program } from './program.ts';
import { type Environment, openSandbox, type Sandbox, UNREACHABLE_S3 } from './sandbox.ts';

/** A running service, and files that settings are read from. */
export interface WorkerService extends AsyncDisposable {
  readonly sandbox: Sandbox;
  readonly program: Program;
  readonly url: string;
  readonly token: string;
  /** Changes the file that a setting is read from. */
  set(name: string, value: string): Promise<void>;
}

/**
 * Without a Redis: what the workers share they share through their primary.
 *
 * @param files settings that are read from files, by their names
 */
export async function openWorkers(
  count: number,
  env: Environment = {},
  files: Environment = {},
): Promise<WorkerService> {
  await using opening = new AsyncDisposableStack();
  const sandbox = opening.use(
    await openSandbox({ ...UNREACHABLE_S3, PRESIGND_WORKERS: String(count), ...env }),
  );
  const fileOf = (name: string) => join(sandbox.folder, name);
  const set = (name: string, value: string) => writeFile(fileOf(name), value);
  for (const [name, value] of Object.entries(files)) await set(name, value);
  const fromFiles = Object.fromEntries(Object.keys(files).map((name) => [`${name}_FILE`, fileOf(name)]));
  const { token } = await sandbox.createKey();
  const program = await sandbox.start('serve', fromFiles);
  const open = opening.move();
  return { sandbox, program, url: program.url, token, set, [Symbol.asyncDispose]: () => open.disposeAsync() };
}

export function linesWith(program: Program, text: string): LogLine[] {
  return program.log().filter(({ msg }) => String(msg).includes(text));
}

/** The process of the worker that serves, or served last, in this place. */
export function pidOf(program: Program, worker: number): number {
  const line = linesWith(program, 'worker serves').findLast((found) => found['worker'] === worker);
  if (line === undefined) throw new Error(`worker ${worker} has not served yet`);
  return Number(line['pid']);
}

/** Resolves when the log has so many such lines. */
export async function untilLines(program: Program, text: string, count: number): Promise<LogLine[]> {
  await expect.poll(() => linesWith(program, text).length, { timeout: 30_000 }).toBeGreaterThanOrEqual(count);
  return linesWith(program, text);
}

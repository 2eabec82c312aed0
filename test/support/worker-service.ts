// `presignd serve` with several workers, and what its log tells of them.
import { expect } from 'vitest';
import type { LogLine, Program } from './program.ts';
import { type Environment, UNREACHABLE_S3 } from './sandbox.ts';
import { openService, type Service } from './service.ts';

/** Without a Redis: what the workers share they share through their primary. */
export function openWorkers(count: number, env: Environment = {}): Promise<Service> {
  return openService({ ...UNREACHABLE_S3, PRESIGND_WORKERS: String(count), ...env });
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

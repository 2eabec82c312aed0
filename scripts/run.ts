import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

/** The repository, wherever the script was started from. */
export const root = join(import.meta.dirname, '..');

export interface Outcome {
  readonly ok: boolean;
  readonly output: string;
}

/** Runs a program in the repository and gathers what it prints. npm puts the project's own tools on the PATH. */
export function run(command: string, args: readonly string[]): Outcome {
  const result = spawnSync(command, args, { cwd: root, encoding: 'utf8' });
  const output = [result.error?.message, result.stdout, result.stderr].filter(Boolean).join('\n').trim();
  return { ok: result.status === 0, output };
}

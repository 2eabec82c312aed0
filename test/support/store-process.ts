import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** The program that uses a key store; see there for its ways. */
export const STORE_CHILD = fileURLToPath(new URL('./store-child.ts', import.meta.url));

/** Starts a process that uses the store at `url` in one of its ways. */
export function startStoreChild(
  way: string,
  url: string,
  argument = '',
  options: SpawnOptions = {},
): ChildProcess {
  return spawn(process.execPath, [STORE_CHILD, way, url, argument], {
    ...options,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

/** Every whole line that the child wrote until it ended. `onLine` sees each as it comes. */
export async function linesOf(
  child: ChildProcess,
  onLine: (lines: readonly string[]) => void = () => {},
): Promise<string[]> {
  const lines: string[] = [];
  if (child.stdout === null) throw new Error('the child has no output');
  const reader = createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line);
    onLine(lines);
  });
  await once(reader, 'close');
  return lines;
}

/** What follows the word in each line that begins with it. */
export function those(word: string, lines: readonly string[]): string[] {
  return lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1));
}

import { type ChildProcess, type SpawnOptions, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { KeyEvent } from '../../src/keys/ports.ts';
import { describeUnless } from '../support/available.ts';
import { makeSqlitePlace, type SqlitePlace } from '../support/sqlite-place.ts';

const CHILD = fileURLToPath(new URL('../support/store-child.ts', import.meta.url));
const KILL_ROUNDS = 25;
const NOBODY = 65_534;

let place: SqlitePlace;
beforeEach(async () => {
  place = await makeSqlitePlace();
});
afterEach(() => place.remove());

function startChild(way: string, argument: string, options: SpawnOptions = {}): ChildProcess {
  return spawn(process.execPath, [CHILD, way, place.url, argument], {
    ...options,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

/** Every whole line that the child wrote until it ended. `onLine` sees each as it comes. */
async function linesOf(
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
function those(word: string, lines: readonly string[]): string[] {
  return lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1));
}

/** What is in the file now, read by a store of its own. */
async function readBack(): Promise<{ ids: Set<string>; digests: string[]; events: readonly KeyEvent[] }> {
  const store = await place.open();
  const { keys } = await store.list({ offset: 0, limit: 100_000 });
  const events = await store.events(0, 100_000);
  await store.close();
  return { ids: new Set(keys.map((key) => key.id)), digests: keys.map((key) => key.digest), events };
}

describe('a process that is killed', () => {
  it(`loses no acknowledged key in ${KILL_ROUNDS} rounds, and the file opens after each`, async () => {
    const acknowledged: string[] = [];
    for (let round = 0; round < KILL_ROUNDS; round += 1) {
      const child = startChild('insert-until-killed', `round-${round}`);
      const lines = await linesOf(child, (lines) => {
        if (lines.length === 1 + (round % 6)) child.kill('SIGKILL');
      });
      const inserted = those('inserted', lines);
      expect(inserted.length).toBeGreaterThan(0);
      acknowledged.push(...inserted);
      const { ids, digests, events } = await readBack();
      expect(acknowledged.filter((id) => !ids.has(id))).toEqual([]);
      // A key and its event are there together or not at all.
      expect(events.map((event) => event.digest).sort()).toEqual(digests.sort());
    }
  });
});

describe('processes that share a file', () => {
  it('make it at the same moment, agree on a secret, and lose no write of each other', async () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f'];
    const outputs = await Promise.all(names.map((name) => linesOf(startChild('insert-ten', name))));
    const lines = outputs.flat();
    expect(those('error', lines)).toEqual([]);
    expect(new Set(those('secret', lines)).size).toBe(1);
    const inserted = those('inserted', lines);
    expect(inserted).toHaveLength(60);
    const { ids, events } = await readBack();
    expect(ids).toEqual(new Set(inserted));
    expect(events.map((event) => event.seq)).toEqual(events.map((_, n) => n + 1));
    expect(events).toHaveLength(60);
  });
});

describe('a folder that may not be written to', () => {
  it('is named when the store is opened', async () => {
    await chmod(place.folder, 0o555);
    // Root may write anywhere, so as root the attempt is made by a user who owns nothing.
    const asNobody = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
    const lines = await linesOf(startChild('open', '', asNobody));
    expect(lines).toEqual([
      expect.stringMatching(/^error The key store \/.*presignd\.db cannot be used: EACCES/),
    ]);
  });
});

const canMount = spawnSync('unshare', ['-rm', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']).status === 0;

describeUnless(canMount ? undefined : 'the right to mount a tmpfs', 'a full disk', () => {
  it('is a fault that keeps every acknowledged key and passes once there is space', async () => {
    const disk = join(place.folder, 'keys');
    await mkdir(disk);
    const inside = [process.execPath, CHILD, 'fill-disk', place.url, join(disk, 'filler')];
    const script = 'mount -t tmpfs -o size=400k tmpfs "$0" && exec "$@"';
    const child = spawn('unshare', ['-rm', 'sh', '-c', script, disk, ...inside], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const lines = await linesOf(child);
    expect(those('error', lines)).toEqual([]);
    expect(those('failure', lines)).toEqual([expect.stringMatching(/^STORE_UNAVAILABLE .*(full|disk I\/O)/)]);
    const inserted = those('inserted', lines);
    expect(inserted.length).toBeGreaterThan(1);
    expect(inserted.at(-1)).toBe('key_after-the-failure');
    expect(new Set(those('kept', lines))).toEqual(new Set(inserted));
  });
});

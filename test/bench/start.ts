import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '../support/server-start.ts';
import { repositoryPath, spawnChild } from './child-server.ts';
import type { Section } from './options.ts';
import { cpuMsOf, rssMbOf } from './process-usage.ts';
import { median } from './stats.ts';
import { figure, verdict } from './table.ts';

const FULL = { starts: 5, settleMs: 5_000 } as const;
const QUICK = { starts: 2, settleMs: 1_000 } as const;

/** Short beside what is measured, and long enough to leave the machine to the program that starts. */
const POLL_MS = 2;
const READY_TIMEOUT_MS = 30_000;

interface Start {
  readonly readyMs: number;
  /** CPU time until then, of all threads. Beyond the elapsed time where they ran side by side. */
  readonly cpuMs: number;
  readonly idleRssMb: number;
}

export const start: Section = {
  name: 'start',
  run: async ({ quick, progress }) => {
    const { starts, settleMs } = quick ? QUICK : FULL;
    const program = await programOfScript();
    const cold: Start[] = [];
    const warm: Start[] = [];
    for (let turn = 1; turn <= starts; turn++) {
      const folder = await mkdtemp(join(tmpdir(), 'presignd-bench-'));
      try {
        cold.push(await startOnce(program, folder, settleMs));
        warm.push(await startOnce(program, folder, settleMs));
      } finally {
        await rm(folder, { recursive: true });
      }
      progress(
        `start ${turn}/${starts}: ${figure(cold.at(-1)?.readyMs ?? 0)} ms, again ${figure(warm.at(-1)?.readyMs ?? 0)} ms`,
      );
    }
    return {
      title: 'Start, everything embedded (`presignd dev`)',
      columns: ['start', 'ms to ready', 'CPU ms', 'idle RSS MB', 'budget of time', 'budget of memory'],
      rows: [
        row('the first in a folder, nothing compiled before', cold),
        row('the next: compiled code kept, key and data there', warm),
      ],
    };
  },
};

function row(label: string, starts: readonly Start[]): string[] {
  const readyMs = median(starts.map(({ readyMs }) => readyMs));
  const rssMb = median(starts.map(({ idleRssMb }) => idleRssMb));
  return [
    label,
    figure(readyMs),
    figure(median(starts.map(({ cpuMs }) => cpuMs))),
    figure(rssMb),
    verdict({ limit: 400, bound: '≤', unit: ' ms' }, readyMs),
    verdict({ limit: 120, bound: '≤', unit: ' MB' }, rssMb),
  ];
}

/** What `npm run dev` gives to Node. */
async function programOfScript(): Promise<readonly string[]> {
  const { scripts } = JSON.parse(await readFile(repositoryPath('package.json'), 'utf8'));
  const [, ...words]: string[] = scripts.dev.split(' ');
  return words.map((word) => (word.includes('/') ? repositoryPath(word) : word));
}

/** Starts the program in the folder, whose code cache it fills at its end, and measures from the spawn. */
async function startOnce(program: readonly string[], folder: string, settleMs: number): Promise<Start> {
  const port = await freePort();
  const spawnedAtMs = performance.now();
  const environment = { PORT: String(port), NODE_COMPILE_CACHE: join(folder, 'compile-cache') };
  await using child = spawnChild(program, environment, process.execPath, folder);
  while (!(await answers200(port))) {
    child.ended.throwIfAborted();
    if (performance.now() - spawnedAtMs > READY_TIMEOUT_MS) throw new Error('presignd dev did not get ready');
    await delay(POLL_MS);
  }
  const readyMs = performance.now() - spawnedAtMs;
  const cpuMs = cpuMsOf(child.pid);
  await delay(settleMs);
  return { readyMs, cpuMs, idleRssMb: rssMbOf(child.pid) };
}

function answers200(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get({ port, host: '127.0.0.1', path: '/readyz', agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.on('error', () => resolve(false));
  });
}

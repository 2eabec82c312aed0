import { readFileSync } from 'node:fs';
import { makeSqlitePlace } from '../support/sqlite-place.ts';
import type { ChildServer } from './child-server.ts';
import { type LoadGenerator, startLoadGenerator } from './generator-process.ts';
import type { BenchOptions, Section } from './options.ts';
import { createApiKey, startPresignd } from './presignd.ts';
import { cpuMsOf, rssMbOf } from './process-usage.ts';
import { median, pairedRatio } from './stats.ts';
import { figure, type Table, verdict } from './table.ts';
import { restRequest } from './targets.ts';

const FULL = { rounds: 5, roundMs: 5_000, warmUpMs: 5_000 } as const;
const QUICK = { rounds: 3, roundMs: 1_000, warmUpMs: 1_000 } as const;

/** One process, and as many workers as the machine that this is measured on has cores. */
const WORKER_COUNTS = [1, 2] as const;

interface Sample {
  readonly perSecond: number;
  /** CPU time of the primary and all workers. */
  readonly cpuMicros: number;
  readonly cores: number;
  readonly rssMb: number;
}

/** What further workers bring: calls per second, where the load generator leaves them the machine, and per second of CPU. */
export const workers: Section = {
  name: 'workers',
  run: async (options) => {
    await using closing = new AsyncDisposableStack();
    const place = closing.adopt(await makeSqlitePlace(), ({ remove }) => remove());
    const request = restRequest(await createApiKey(place.url));
    const generator = closing.use(startLoadGenerator());
    const samples = new Map<number, Sample[]>(WORKER_COUNTS.map((count) => [count, []]));
    const { rounds, roundMs, warmUpMs } = options.quick ? QUICK : FULL;
    const servers = new Map<number, ChildServer>();
    for (const count of WORKER_COUNTS) {
      const server = closing.use(await startPresignd(place.url, count));
      servers.set(count, server);
      await oneRound(server, request, generator, warmUpMs);
    }
    for (let round = 1; round <= rounds; round++) {
      for (const [count, server] of servers) {
        const sample = await oneRound(server, request, generator, roundMs);
        samples.get(count)?.push(sample);
        tell(options, `workers: round ${round}/${rounds}, ${count}`, sample);
      }
    }
    return tableFrom(samples);
  },
};

function tell({ progress }: BenchOptions, what: string, { perSecond, cores }: Sample): void {
  progress(`${what}: ${Math.round(perSecond)}/s, ${figure(cores)} cores busy`);
}

async function oneRound(
  { pid, port }: ChildServer,
  request: ReturnType<typeof restRequest>,
  generator: LoadGenerator,
  durationMs: number,
): Promise<Sample> {
  const pids = [pid, ...childrenOf(pid)];
  const cpuOfAll = () => pids.reduce((sum, each) => sum + cpuMsOf(each), 0);
  const beforeMs = cpuOfAll();
  const load = await generator.run({ request, port, durationMs });
  const cpuMs = cpuOfAll() - beforeMs;
  return {
    perSecond: (load.requests * 1_000) / load.elapsedMs,
    cpuMicros: (cpuMs * 1_000) / load.requests,
    cores: cpuMs / load.elapsedMs,
    rssMb: pids.reduce((sum, each) => sum + rssMbOf(each), 0),
  };
}

function childrenOf(pid: number): number[] {
  const listed = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return listed.split(' ').filter(Boolean).map(Number);
}

function tableFrom(samples: ReadonlyMap<number, readonly Sample[]>): Table {
  const of = (count: number, pick: (sample: Sample) => number) => (samples.get(count) ?? []).map(pick);
  const rows = WORKER_COUNTS.map((count) => {
    const gain = pairedRatio(of(count, perSecondOf), of(1, perSecondOf));
    const cpuMicros = median(of(count, (sample) => sample.cpuMicros));
    return [
      count === 1 ? 'one process' : `${count} workers and their primary`,
      Math.round(median(of(count, perSecondOf))).toLocaleString('en-US'),
      figure(gain),
      figure(cpuMicros),
      Math.round(1e6 / cpuMicros).toLocaleString('en-US'),
      figure(median(of(count, ({ cores }) => cores))),
      figure(median(of(count, ({ rssMb }) => rssMb))),
      count === 1 ? '' : verdict({ limit: 1.8, bound: '≥', unit: ' × one process' }, gain),
    ];
  });
  return {
    title: 'Workers, REST',
    columns: [
      'service',
      'requests/s',
      '× one process',
      'CPU µs per request',
      'requests per CPU second',
      'cores busy',
      'RSS MB',
      'budget',
    ],
    rows,
  };
}

const perSecondOf = ({ perSecond }: Sample) => perSecond;

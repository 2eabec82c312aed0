import { readFileSync } from 'node:fs';
import { makeSqlitePlace } from '../support/sqlite-place.ts';
import type { ChildServer } from './child-server.ts';
import { limitCpu } from './cpu-quota.ts';
import { type LoadGenerator, startLoadGenerator } from './generator-process.ts';
import { IN_FLIGHT } from './load-order.ts';
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

/** So little that the load generator gets what it needs of two cores beside two such processes. */
const QUOTA_CORES = 0.4;

const BUDGET = { limit: 1.8, bound: '≥', unit: ' × one process' } as const;

/** A service to measure. */
interface Service {
  readonly count: number;
  /** The processor time that each serving process may have, in cores. Undefined: what it gets. */
  readonly coresEach: number | undefined;
  readonly server: ChildServer;
  readonly samples: Sample[];
}

interface Sample {
  readonly perSecond: number;
  /** CPU time of the primary and all workers. */
  readonly cpuMicros: number;
  readonly cores: number;
  readonly rssMb: number;
}

/**
 * What further workers bring: as many calls per second as the load generator leaves them, calls per second of CPU, and
 * calls per second where each process has its own part of a core, which the generator takes nothing from.
 */
export const workers: Section = {
  name: 'workers',
  run: async (options) => {
    await using closing = new AsyncDisposableStack();
    const place = closing.adopt(await makeSqlitePlace(), ({ remove }) => remove());
    const request = restRequest(await createApiKey(place.url));
    const generator = closing.use(startLoadGenerator());
    const { rounds, roundMs, warmUpMs } = options.quick ? QUICK : FULL;
    const services: Service[] = [];
    for (const coresEach of [undefined, QUOTA_CORES]) {
      for (const count of WORKER_COUNTS) {
        const server = closing.use(await startPresignd(place.url, count));
        await oneRound(server, count, request, generator, warmUpMs);
        // Only then: with less of the processor it would take longer to get warm.
        if (coresEach === undefined || limitServing(closing, server, coresEach))
          services.push({ count, coresEach, server, samples: [] });
      }
    }
    for (let round = 1; round <= rounds; round++) {
      for (const { count, coresEach, server, samples } of services) {
        const sample = await oneRound(server, count, request, generator, roundMs);
        samples.push(sample);
        tell(options, `workers: round ${round}/${rounds}, ${count}${shareText(coresEach)}`, sample);
      }
    }
    return tableFrom(services);
  },
};

/** False where this user may not limit processes. */
function limitServing(closing: AsyncDisposableStack, { pid }: ChildServer, cores: number): boolean {
  const workers = childrenOf(pid);
  return (workers.length === 0 ? [pid] : workers)
    .map((each) => limitCpu(each, cores))
    .every((quota) => closing.use(quota) !== undefined);
}

function tell({ progress }: BenchOptions, what: string, { perSecond, cores }: Sample): void {
  progress(`${what}: ${Math.round(perSecond)}/s, ${figure(cores)} cores busy`);
}

async function oneRound(
  { pid, port }: ChildServer,
  processes: number,
  request: ReturnType<typeof restRequest>,
  generator: LoadGenerator,
  durationMs: number,
): Promise<Sample> {
  const pids = [pid, ...childrenOf(pid)];
  const cpuOfAll = () => pids.reduce((sum, each) => sum + cpuMsOf(each), 0);
  const beforeMs = cpuOfAll();
  const load = await generator.run({ request, port, durationMs, inFlight: IN_FLIGHT * processes });
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

function tableFrom(services: readonly Service[]): Table {
  const rows = services.map(({ count, coresEach, samples }) => {
    const alone = services.find((service) => service.count === 1 && service.coresEach === coresEach);
    const gain = pairedRatio(samples.map(perSecondOf), (alone?.samples ?? []).map(perSecondOf));
    const cpuMicros = median(samples.map((sample) => sample.cpuMicros));
    return [
      `${count === 1 ? 'one process' : `${count} workers and their primary`}${shareText(coresEach)}`,
      Math.round(median(samples.map(perSecondOf))).toLocaleString('en-US'),
      figure(gain),
      figure(cpuMicros),
      Math.round(1e6 / cpuMicros).toLocaleString('en-US'),
      figure(median(samples.map(({ cores }) => cores))),
      figure(median(samples.map(({ rssMb }) => rssMb))),
      count === 1 ? '' : verdict(BUDGET, gain),
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

function shareText(coresEach: number | undefined): string {
  return coresEach === undefined ? '' : `, each with ${coresEach} of a core`;
}

const perSecondOf = ({ perSecond }: Sample) => perSecond;

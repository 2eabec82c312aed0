import { makeSqlitePlace } from '../support/sqlite-place.ts';
import type { ChildServer } from './child-server.ts';
import { type LoadGenerator, startLoadGenerator } from './generator-process.ts';
import type { BenchOptions, Section } from './options.ts';
import { createApiKey } from './presignd.ts';
import { cpuMsOf, rssMbOf } from './process-usage.ts';
import { median, pairedRatio } from './stats.ts';
import { figure, type Table, verdict } from './table.ts';
import { createTargets, HTTP_ECHO, type Target } from './targets.ts';

const FULL = { rounds: 7, roundMs: 5_000, warmUpMs: 5_000 } as const;
const QUICK = { rounds: 3, roundMs: 1_000, warmUpMs: 1_000 } as const;

/** One round of one server. */
interface Sample {
  readonly cpuMicros: number;
  readonly perSecond: number;
  /** CPU time by elapsed time: below about 1, the server waited for the load generator. */
  readonly cores: number;
  readonly rssMb: number;
}

export const requests: Section = {
  name: 'requests',
  run: async (options) => {
    await using closing = new AsyncDisposableStack();
    const place = closing.adopt(await makeSqlitePlace(), ({ remove }) => remove());
    const targets = createTargets(await createApiKey(place.url), place.url);
    const servers = new Map<Target, ChildServer>();
    for (const target of targets) servers.set(target, closing.use(await target.start()));
    const generator = closing.use(startLoadGenerator());
    return tableFrom(await measure(servers, generator, options));
  },
};

/** Rounds in turn, so that a machine that is slower for a while is so for everybody. */
async function measure(
  servers: ReadonlyMap<Target, ChildServer>,
  generator: LoadGenerator,
  { quick, progress }: BenchOptions,
): Promise<ReadonlyMap<Target, readonly Sample[]>> {
  const { rounds, roundMs, warmUpMs } = quick ? QUICK : FULL;
  const samples = new Map<Target, Sample[]>([...servers.keys()].map((target) => [target, []]));
  for (const [target, server] of servers) {
    progress(`requests: warming up ${target.label}`);
    await oneRound(target, server, generator, warmUpMs);
  }
  for (let round = 1; round <= rounds; round++) {
    for (const [target, server] of servers) {
      const sample = await oneRound(target, server, generator, roundMs);
      samples.get(target)?.push(sample);
      progress(
        `requests: round ${round}/${rounds}, ${target.label}: ${figure(sample.cpuMicros)} µs CPU, ${Math.round(sample.perSecond)}/s`,
      );
    }
  }
  return samples;
}

async function oneRound(
  { label, request }: Target,
  { pid, port }: ChildServer,
  generator: LoadGenerator,
  durationMs: number,
): Promise<Sample> {
  const cpuBeforeMs = cpuMsOf(pid);
  const load = await generator.run({ request, port, durationMs }).catch((cause: unknown) => {
    throw new Error(`${label} failed under load`, { cause });
  });
  const cpuMs = cpuMsOf(pid) - cpuBeforeMs;
  return {
    cpuMicros: (cpuMs * 1000) / load.requests,
    perSecond: (load.requests * 1000) / load.elapsedMs,
    cores: cpuMs / load.elapsedMs,
    rssMb: rssMbOf(pid),
  };
}

function tableFrom(samples: ReadonlyMap<Target, readonly Sample[]>): Table {
  const cpuByLabel = new Map(
    [...samples].map(([{ label }, rounds]) => [label, rounds.map(({ cpuMicros }) => cpuMicros)] as const),
  );
  const ratio = (label: string, baseline: string) =>
    pairedRatio(cpuByLabel.get(label) ?? [], cpuByLabel.get(baseline) ?? []);
  const rows = [...samples].map(([{ label, budget }, rounds]) => [
    label,
    figure(median(rounds.map(({ cpuMicros }) => cpuMicros))),
    figure(ratio(label, HTTP_ECHO)),
    Math.round(median(rounds.map(({ perSecond }) => perSecond))).toLocaleString('en-US'),
    figure(median(rounds.map(({ cores }) => cores))),
    rounds.at(-1)?.rssMb.toFixed(0) ?? '',
    budget === undefined
      ? ''
      : verdict(
          { limit: budget.limit, bound: '≤', unit: ` × ${budget.baseline.split(',')[0]}` },
          ratio(label, budget.baseline),
        ),
  ]);
  return {
    title: 'Requests',
    columns: [
      'server',
      'CPU µs per request',
      '× echo',
      'requests/s',
      'cores busy',
      'RSS MB under load',
      'budget',
    ],
    rows,
  };
}

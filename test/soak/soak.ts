// npm run soak [-- --minutes N --seed N]
// Two real services under mixed traffic while everything they talk to fails in turn. Ends with 1 for a failure that no
// rule expects.
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { markdownFromTable, type Table } from '../bench/table.ts';
import { createChance } from '../fuzz/chance.ts';
import { type ServiceUsage, usageOf } from '../support/service-usage.ts';
import { createCaller } from './caller.ts';
import { createFaults } from './faults.ts';
import { openSoakFleet, type SoakFleet } from './fleet.ts';
import { createTally } from './tally.ts';
import { runTraffic, warmUp } from './traffic.ts';

const CALLERS = 8;
const KNOWN_KEYS = 20;
const FAULT_MS = 8_000;
const CALM_MS = 5_000;
const PROGRESS_MS = 10_000;
const SETTLE_MS = 3_000;
const MIB = 1024 * 1024;
const ALL_SCOPES = 'uploads:create,uploads:read,uploads:manage,keys:read,keys:write';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
  },
});

const startedAtMs = performance.now();
const elapsedSeconds = () => Math.round((performance.now() - startedAtMs) / 1_000);
const say = (text: string) => console.log(`${String(elapsedSeconds()).padStart(5)} s  ${text}`);

const fleet = await openSoakFleet();
try {
  await soak(fleet);
} catch (error) {
  say(`it broke off: ${error instanceof Error ? error.stack : error}`);
  process.exitCode = 1;
} finally {
  // What a test that ends would do, whatever state the instances are in.
  const [closed] = await Promise.allSettled([fleet[Symbol.asyncDispose]()]);
  if (closed?.status === 'rejected')
    say(`it did not end well: ${String(closed.reason?.error ?? closed.reason).slice(0, 2_000)}`);
  if (closed?.status === 'rejected') process.exitCode = 1;
}

async function soak(fleet: SoakFleet): Promise<void> {
  say(`seed ${values.seed}, ${values.minutes} minutes`);
  const tally = createTally();
  const { token: admin } = await fleet.sandbox.createKey(['--scopes', ALL_SCOPES]);
  const known: string[] = [];
  for (let n = 0; n < KNOWN_KEYS; n++) known.push((await fleet.sandbox.createKey()).token);
  for (const node of fleet.nodes) await node.start();

  const faults = createFaults(fleet, { faultMs: FAULT_MS, calmMs: CALM_MS, onChange: say });
  const caller = createCaller(fleet, faults, tally, chance('caller'));
  await warmUp({ fleet, caller, tally, random: chance('warm-up'), admin, known });
  const before = await usages(fleet);
  const endsAtMs = performance.now() + Number(values.minutes) * 60_000;
  let hasBroken = false;
  const isOver = () => hasBroken || performance.now() > endsAtMs;
  const progress = setInterval(() => {
    say(
      `${tally.calls()} calls, ${tally.unexpected()} unexpected failures, ${faults.current() ?? 'all well'}`,
    );
  }, PROGRESS_MS);

  const traffic = Array.from({ length: CALLERS }, (_, n) =>
    runTraffic({ fleet, caller, tally, random: chance(`traffic ${n}`), admin, known }, isOver),
  );
  try {
    await Promise.all([faults.run(isOver), ...traffic]);
  } finally {
    // What still runs would go on for ever without the instances.
    hasBroken = true;
    await Promise.allSettled(traffic);
    clearInterval(progress);
  }
  caller.close();
  await delay(SETTLE_MS);
  const after = await usages(fleet);

  for (const { name, program } of fleet.nodes) {
    const errors = program?.log().filter(({ level }) => level === 'error' || level === 'fatal') ?? [];
    for (const line of errors)
      tally.failed({
        what: `an error in the log of ${name}: ${line['msg']} ${line['code'] ?? ''}`,
        because: undefined,
      });
  }
  for (const table of [...tally.tables(), usageTable(fleet, before, after)])
    console.log(`\n${markdownFromTable(table)}`);
  console.log(`\n${tally.unexpected()} unexpected failures, seed ${values.seed}`);
  process.exitCode = tally.unexpected() === 0 ? 0 : 1;
}

function chance(name: string): () => number {
  const drawn = createChance(`${values.seed}/${name}`);
  return () => drawn.below(2 ** 31) / 2 ** 31;
}

function usages({ nodes }: SoakFleet): Promise<(ServiceUsage | undefined)[]> {
  return Promise.all(nodes.map(({ program }) => program && usageOf(program)));
}

function usageTable(
  { nodes }: SoakFleet,
  before: readonly (ServiceUsage | undefined)[],
  after: readonly (ServiceUsage | undefined)[],
): Table {
  const mib = (usage: ServiceUsage | undefined) => `${Math.round((usage?.rssBytes ?? Number.NaN) / MIB)} MiB`;
  const rows = nodes.map(({ name }, n) => [
    name,
    mib(before[n]),
    mib(after[n]),
    String(before[n]?.fileDescriptors),
    String(after[n]?.fileDescriptors),
  ]);
  const columns = ['instance', 'RSS, start', 'RSS, end', 'file descriptors, start', 'end'];
  return { title: 'What the instances hold', columns, rows };
}

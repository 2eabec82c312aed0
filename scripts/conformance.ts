// Has the Connect project's conformance runner judge our listener and doors. `--run PATTERN` and `--trace` are the
// runner's own; `--require` makes a missing runner a failure.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Report, readReport } from './conformance-report.ts';
import { CONFORMANCE_MODULE, findRunner, type Runner } from './conformance-runner.ts';
import { table } from './markdown.ts';
import { root } from './run.ts';

interface Configuration {
  readonly name: string;
  readonly serverArgs: readonly string[];
  /** Which cases must fail, which may, and which are not run. */
  readonly cases: readonly string[];
}

const folder = join(root, 'test/conformance');

const CONFIGURATIONS: readonly Configuration[] = [
  {
    name: 'protocols',
    serverArgs: [],
    cases: ['--known-failing', `@${join(folder, 'known-failing.txt')}`],
  },
  {
    name: 'public chain',
    serverArgs: ['--chain'],
    cases: [
      '--known-failing',
      `@${join(folder, 'known-failing-chain.txt')}`,
      '--known-flaky',
      `@${join(folder, 'known-flaky-chain.txt')}`,
      // TLS ends long before the chain begins.
      '--skip',
      '**/TLS:true/**',
    ],
  },
];

/** One server and a few calls at once keep two cores busy; with more, deadlines pass while calls wait for a core. */
const PACE = ['--max-servers', '1', '--parallel', '4'];

interface Judgement {
  readonly name: string;
  readonly ok: boolean;
  readonly report: Report | undefined;
  /** All that the runner printed. */
  readonly output: string;
  readonly seconds: number;
}

function judge(
  { program }: Runner,
  configuration: Configuration,
  filter: readonly string[],
  cacheDir: string,
): Judgement {
  const { name, serverArgs, cases } = configuration;
  const server = [process.execPath, join(folder, 'server.ts'), ...serverArgs];
  const args = ['--mode', 'server', '--conf', join(folder, 'conformance.yaml'), ...PACE];
  const startedAtMs = performance.now();
  const result = spawnSync(program, [...args, ...cases, ...filter, '--', ...server], {
    cwd: root,
    encoding: 'utf8',
    // The runner starts a dozen servers, which need not all compile the same code.
    env: { ...process.env, NODE_COMPILE_CACHE: cacheDir },
    maxBuffer: 256 * 1024 * 1024,
  });
  const output = [result.error?.message, result.stdout, result.stderr].filter(Boolean).join('\n');
  const report = readReport(output);
  const ok = result.status === 0 && report?.notRun === 0;
  return { name, ok, report, output, seconds: (performance.now() - startedAtMs) / 1000 };
}

function printed(judgements: readonly Judgement[]): string {
  const head = ['configuration', 'cases', 'passed', 'failed', 'failed as expected', 'not run', 'seconds'];
  const rows = judgements.map(({ name, report, seconds }) => [
    name,
    ...[report?.cases, report?.passed, report?.failed, report?.failedAsExpected, report?.notRun].map(
      (count) => String(count ?? '–'),
    ),
    seconds.toFixed(1),
  ]);
  return table(head, rows);
}

const { values } = parseArgs({
  options: {
    require: { type: 'boolean', default: false },
    run: { type: 'string', multiple: true, default: [] },
    trace: { type: 'boolean', default: false },
  },
});
const runner = findRunner();
if ('missing' in runner) {
  console.log(`conformance skipped: ${runner.missing}`);
  process.exitCode = values.require ? 1 : 0;
} else {
  const filter = [
    ...values.run.flatMap((pattern) => ['--run', pattern]),
    ...(values.trace ? ['--trace'] : []),
  ];
  const cacheDir = mkdtempSync(join(tmpdir(), 'presignd-conformance-'));
  const judgements = CONFIGURATIONS.map((configuration) => judge(runner, configuration, filter, cacheDir));
  rmSync(cacheDir, { recursive: true });
  for (const { name, ok, report, output } of judgements)
    if (!ok) console.log(`${name}:\n${report?.failures || output}\n`);
  console.log(`${CONFORMANCE_MODULE}\n\n${printed(judgements)}`);
  process.exitCode = judgements.every(({ ok }) => ok) ? 0 : 1;
}

// Everything that can be judged without a server: format, lint, types, the contract, generated files, the house.
import { performance } from 'node:perf_hooks';
import { type Outcome, run } from './run.ts';

interface Step {
  readonly name: string;
  readonly judge: () => Outcome;
}

/** Third-party contracts keep the layout of their origin. */
const ownProtos = ['proto/access', 'proto/apikeys', 'proto/upload'].flatMap((path) => ['--path', path]);

const STEPS: readonly Step[] = [
  { name: 'format and lint', judge: () => run('biome', ['ci', '--error-on-warnings']) },
  { name: 'types', judge: () => run('tsc', []) },
  { name: 'contract: format', judge: () => run('buf', ['format', '--diff', '--exit-code', ...ownProtos]) },
  { name: 'contract: lint', judge: () => run('buf', ['lint']) },
  { name: 'contract: breaking changes', judge: judgeBreaking },
  { name: 'generated files', judge: () => run('node', ['scripts/generate.ts', '--check']) },
  {
    name: 'architecture',
    judge: () => run('vitest', ['run', '--project', 'unit', 'test/unit/architecture']),
  },
];

/** Compares the contract with the commit before the newest change: HEAD while it is being edited, its parent after. */
function judgeBreaking(): Outcome {
  const edited = run('git', ['status', '--porcelain', '--', 'proto']).output !== '';
  const baseline = edited ? 'HEAD' : 'HEAD~1';
  const known = run('git', ['cat-file', '-e', `${baseline}:proto/upload/v1/upload_service.proto`]);
  if (!known.ok) return { ok: true, output: `nothing to compare with: ${baseline} has no contract` };
  const commit = run('git', ['rev-parse', baseline]).output;
  return run('buf', ['breaking', '--against', `.git#ref=${commit}`]);
}

let failed = 0;
for (const { name, judge } of STEPS) {
  const startedAtMs = performance.now();
  const { ok, output } = judge();
  const seconds = ((performance.now() - startedAtMs) / 1000).toFixed(1);
  console.log(`${ok ? 'ok  ' : 'FAIL'} ${name} (${seconds} s)`);
  if (!ok) {
    failed++;
    console.log(output.replace(/^/gm, '     '));
  }
}
console.log(failed === 0 ? 'all checks passed' : `${failed} of ${STEPS.length} checks failed`);
process.exitCode = failed === 0 ? 0 : 1;

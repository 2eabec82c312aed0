// npm run fuzz [-- --seed N --inputs N --seconds N --target NAME --replay FILE]
// Attacks the real program with hostile inputs. Ends with 1 when something was found; the inputs are written as files.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { ServiceUsage as Usage } from '../support/service-usage.ts';
import { type CampaignReport, type Finding, runCampaign, send } from './campaign.ts';
import { inputFromText, textFromInput } from './input.ts';
import { isolate } from './isolate.ts';
import { judgeLine, judgeOutcome } from './judge.ts';
import { openSubject, type Subject } from './subject.ts';
import { TARGETS } from './targets.ts';

const FOUND_FOLDER = 'fuzz-findings';
const MIB = 1024 * 1024;
/** After so many inputs every code path is compiled and every pool is full. */
const WARM_INPUTS = 25_000;
const SETTLE_MS = 5_000;
/**
 * What may be more at the end than after the warm-up. The heap has a bound of its own, beyond which the process ends;
 * the client of S3 keeps up to 50 connections.
 */
const GROWTH = { rssBytes: 96 * MIB, heapBytes: 160 * MIB, fileDescriptors: 64 } as const satisfies Usage;

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
    inputs: { type: 'string', default: '100000' },
    seconds: { type: 'string', default: '600' },
    target: { type: 'string', multiple: true },
    replay: { type: 'string', multiple: true },
  },
});

const targets = TARGETS.filter(({ name }) => values.target?.includes(name) ?? true);
if (targets.length === 0) {
  console.error(`There is no such target. Targets: ${TARGETS.map(({ name }) => name).join(', ')}`);
  process.exit(2);
}
const subject = await openSubject();
try {
  const found = await (values.replay === undefined ? attack(subject) : replay(subject, values.replay));
  process.exitCode = found ? 1 : 0;
} finally {
  try {
    await subject[Symbol.asyncDispose]();
  } catch (error) {
    console.error(`${String(error).slice(0, 300)}\n${subject.lastWords()}`);
    process.exitCode = 1;
  }
}

async function attack(subject: Subject): Promise<boolean> {
  const seed = Number(values.seed);
  const inputs = Number(values.inputs);
  const startedAtMs = performance.now();
  const elapsedSeconds = () => (performance.now() - startedAtMs) / 1_000;
  let warm: Usage | undefined;
  console.log(`seed ${seed}, ${inputs} inputs against ${targets.map(({ name }) => name).join(', ')}`);
  let toldAt = 0;
  const report = await runCampaign({
    subject,
    targets,
    seed,
    inputs,
    isOver: () => elapsedSeconds() > Number(values.seconds),
    onBatch: async (sent, findings) => {
      if (warm === undefined && sent >= WARM_INPUTS) warm = await settledUsage(subject);
      if (elapsedSeconds() - toldAt < 10) return;
      toldAt = elapsedSeconds();
      console.log(`${Math.round(toldAt)} s: ${sent} inputs sent, ${findings} findings`);
    },
  });
  const growth =
    warm === undefined || report.findings.some(({ suspects }) => suspects)
      ? []
      : growthFindings(warm, await settledUsage(subject));
  console.log(`\n${tableOf(report)}\n\n${Math.round(elapsedSeconds())} s, seed ${seed}`);
  const findings = await Promise.all(report.findings.map(isolate));
  return tell([...findings, ...growth], seed);
}

async function replay(subject: Subject, files: readonly string[]): Promise<boolean> {
  const findings: Finding[] = [];
  for (const file of files) {
    const input = inputFromText(await readFile(file, 'utf8'));
    const [outcome] = await send(subject.program.port, [input]);
    await subject.checkHealth();
    await delay(1_000);
    const lines = subject.newLines();
    console.log(file, JSON.stringify(outcome));
    for (const line of lines.filter(({ msg }) => msg === 'request')) console.log(JSON.stringify(line));
    const problems = lines.map((line) => judgeLine(line, new Map([[input.id, input]])));
    for (const problem of [outcome && judgeOutcome(outcome), ...problems])
      if (problem !== undefined) findings.push({ input, problem });
  }
  for (const { input, problem } of findings) console.log(`FOUND ${input?.id}: ${problem}`);
  return findings.length > 0;
}

async function settledUsage(subject: Subject): Promise<Usage> {
  await delay(SETTLE_MS);
  const usage = await subject.usage();
  const { rssBytes, heapBytes, fileDescriptors } = usage;
  console.log(
    `the service holds ${Math.round(rssBytes / MIB)} MiB, of which heap ${Math.round(heapBytes / MIB)} MiB, ` +
      `and ${fileDescriptors} file descriptors`,
  );
  return usage;
}

function growthFindings(before: Usage, after: Usage): Finding[] {
  return (['rssBytes', 'heapBytes', 'fileDescriptors'] as const)
    .filter((name) => after[name] - before[name] > GROWTH[name])
    .map((name) => ({ input: undefined, problem: `${name} grew from ${before[name]} to ${after[name]}` }));
}

function tableOf({ totals }: CampaignReport): string {
  const kinds = ['2xx', '3xx', '4xx', '5xx', 'none'];
  const rows = totals.map(({ target, inputs, answers }) => [
    target,
    inputs,
    ...kinds.map((kind) => answers[kind] ?? 0),
  ]);
  const line = (cells: readonly unknown[]) => `| ${cells.join(' | ')} |`;
  return [
    line(['target', 'inputs', ...kinds]),
    line(['---', ...kinds.map(() => '---:'), '---:']),
    ...rows.map(line),
  ].join('\n');
}

/** Prints the findings and writes their inputs; answers whether there are any. */
async function tell(findings: readonly Finding[], seed: number): Promise<boolean> {
  if (findings.length > 0) await mkdir(FOUND_FOLDER, { recursive: true });
  for (const { input, problem } of findings) {
    if (input === undefined) {
      console.log(`FOUND: ${problem}`);
      continue;
    }
    const file = join(FOUND_FOLDER, `${seed}-${input.id}.json`);
    await writeFile(file, textFromInput(input, problem));
    console.log(`FOUND ${input.id}: ${problem}\n  npm run fuzz -- --replay ${file}`);
  }
  console.log(findings.length === 0 ? 'nothing was found' : `${findings.length} findings`);
  return findings.length > 0;
}

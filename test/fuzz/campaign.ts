import { setTimeout as delay } from 'node:timers/promises';
import { createChance } from './chance.ts';
import type { FuzzInput, FuzzTarget } from './input.ts';
import { judgeLine, judgeOutcome } from './judge.ts';
import type { Outcome } from './outcome.ts';
import type { Subject } from './subject.ts';
import { sendHttp1InARow } from './wire/send-http1.ts';
import { sendHttp2Streams } from './wire/send-http2.ts';
import { sendRaw } from './wire/send-raw.ts';

export interface Finding {
  /** Undefined where nothing says which input it was. */
  readonly input: FuzzInput | undefined;
  readonly problem: string;
  /** Of a service that was found broken: all that may have done it. */
  readonly suspects?: readonly FuzzInput[];
}

export interface TargetTotal {
  readonly target: string;
  readonly inputs: number;
  /** Answers by the first digit of their status; `none` are inputs that were hung up on. */
  readonly answers: Readonly<Record<string, number>>;
}

export interface CampaignReport {
  readonly totals: readonly TargetTotal[];
  readonly findings: readonly Finding[];
}

export interface CampaignOptions {
  readonly subject: Subject;
  readonly targets: readonly FuzzTarget[];
  readonly seed: number;
  /** Of all targets together. */
  readonly inputs: number;
  /** No further batch is begun once this is over. */
  readonly isOver?: () => boolean;
  readonly onBatch?: (sent: number, findings: number) => Promise<void> | void;
}

const BATCH = 640;
/** Requests in a row on one connection. */
const ROW = 32;
const CONNECTIONS = 24;
/** Beyond that a run only repeats itself. */
const MAX_FINDINGS = 20;
/** How long the log may be behind: it is written a few times a second. */
const LOG_LAG_MS = 600;

/** Sends inputs of every target in turn, in batches, and looks at the service after each. */
export async function runCampaign(options: CampaignOptions): Promise<CampaignReport> {
  const { subject, targets, seed, inputs, isOver = () => false, onBatch } = options;
  const findings: Finding[] = [];
  const totals = new Map<string, { inputs: number; answers: Record<string, number> }>();
  let recent: ReadonlyMap<string, FuzzInput> = new Map();
  let sent = 0;
  for (const { target, first, count } of batchesOf(targets, inputs)) {
    if (isOver() || findings.length >= MAX_FINDINGS) break;
    const batch = Array.from({ length: count }, (_, i) => makeInput(target, seed, first + i));
    recent = new Map([...[...recent].slice(-4 * BATCH), ...batch.map((input) => [input.id, input] as const)]);
    const outcomes = await send(subject.program.port, batch);
    sent += batch.length;
    countAnswers(totals, target.name, outcomes);
    for (const [i, outcome] of outcomes.entries()) {
      const problem = judgeOutcome(outcome);
      if (problem !== undefined) findings.push({ input: batch[i], problem });
    }
    const broken = await subject.checkHealth().then(() => undefined, String);
    findings.push(...readLog(subject, recent));
    if (broken !== undefined) {
      findings.push({
        input: undefined,
        problem: `${broken}, after a batch of ${target.name} from ${first} on`,
      });
      break;
    }
    await onBatch?.(sent, findings.length);
  }
  await delay(LOG_LAG_MS);
  findings.push(...readLog(subject, recent));
  return {
    totals: [...totals].map(([target, total]) => ({ target, ...total })),
    findings: unique(findings),
  };
}

/** The input of that number: the same for the same seed, whatever else is sent. */
export function makeInput(target: FuzzTarget, seed: number, index: number): FuzzInput {
  const id = `${target.name}-${index}`;
  return { id, ...target.make(createChance(`${seed}/${id}`), id) };
}

/** Sends every input in the way of its channel. */
export async function send(port: number, inputs: readonly FuzzInput[]): Promise<Outcome[]> {
  const outcomes = new Map<FuzzInput, Outcome>();
  const jobs: (() => Promise<void>)[] = [];
  const note = (group: readonly FuzzInput[], results: readonly Outcome[]) => {
    for (const [i, input] of group.entries())
      outcomes.set(input, results[i] ?? { statuses: [], problem: 'was not sent' });
  };
  const rows = (channel: string) => {
    const all = inputs.filter((input) => input.channel === channel);
    return Array.from({ length: Math.ceil(all.length / ROW) }, (_, i) => all.slice(i * ROW, (i + 1) * ROW));
  };
  for (const row of rows('http1')) jobs.push(async () => note(row, await sendHttp1InARow(port, row)));
  for (const row of rows('http2')) jobs.push(async () => note(row, await sendHttp2Streams(port, row)));
  for (const input of inputs) {
    if (input.channel.endsWith('-raw')) jobs.push(async () => note([input], [await sendRaw(port, input)]));
  }
  const work = async () => {
    for (let job = jobs.shift(); job !== undefined; job = jobs.shift()) await job();
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, work));
  return inputs.map((input) => outcomes.get(input) ?? { statuses: [], problem: 'was not sent' });
}

interface Batch {
  readonly target: FuzzTarget;
  readonly first: number;
  readonly count: number;
}

/** Batches of all targets by turns, so that a run that is cut short has tried each. */
function batchesOf(targets: readonly FuzzTarget[], inputs: number): Batch[] {
  const weights = targets.reduce((sum, { weight }) => sum + weight, 0);
  const rounds: { batch: Batch; turn: number }[] = targets.flatMap((target) => {
    const total = Math.ceil((inputs * target.weight) / weights);
    const batches = Math.ceil(total / BATCH);
    return Array.from({ length: batches }, (_, i) => ({
      batch: { target, first: i * BATCH, count: Math.min(BATCH, total - i * BATCH) },
      turn: i / batches,
    }));
  });
  return rounds.toSorted((a, b) => a.turn - b.turn).map(({ batch }) => batch);
}

function readLog(subject: Subject, recent: ReadonlyMap<string, FuzzInput>): Finding[] {
  try {
    return subject.newLines().flatMap((line) => {
      const problem = judgeLine(line, recent);
      return problem === undefined ? [] : [{ input: recent.get(String(line['requestId'])), problem }];
    });
  } catch (error) {
    return [{ input: undefined, problem: `a secret was printed: ${String(error).slice(0, 2_000)}` }];
  }
}

function countAnswers(
  totals: Map<string, { inputs: number; answers: Record<string, number> }>,
  target: string,
  outcomes: readonly Outcome[],
): void {
  const total = totals.get(target) ?? { inputs: 0, answers: {} };
  totals.set(target, total);
  total.inputs += outcomes.length;
  for (const { statuses } of outcomes) {
    const kinds =
      statuses.length === 0 ? ['none'] : statuses.map((status) => `${Math.floor(status / 100)}xx`);
    for (const kind of kinds) total.answers[kind] = (total.answers[kind] ?? 0) + 1;
  }
}

/** One finding for each input: the wire and the log often tell of the same. */
function unique(findings: readonly Finding[]): Finding[] {
  const seen = new Set<string>();
  return findings.filter(({ input }) => {
    if (input === undefined) return true;
    if (seen.has(input.id)) return false;
    seen.add(input.id);
    return true;
  });
}

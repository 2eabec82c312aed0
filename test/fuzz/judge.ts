// What of an answer and of the log is a finding.
import type { LogLine } from '../support/program.ts';
import type { FuzzInput } from './input.ts';
import type { Outcome } from './outcome.ts';
import { SMUGGLED_PATH } from './targets/http1-framing.ts';
import { readStrictly } from './wire/strict-http1.ts';

/** 5xx that say nothing of a defect, and why. */
const ALLOWED_STATUSES: ReadonlyMap<number, string> = new Map([
  [501, "the Connect protocol's status for `unimplemented`, such as an unknown compression"],
  [504, 'the deadline that the caller had set itself, which nothing else here ends with'],
  [505, 'a call that streams both ways was asked for over HTTP/1.1'],
]);

/** Why a busy machine may answer 503 here: the S3 of a run lives in the process that attacks. */
const ALLOWED_UNAVAILABLE: readonly unknown[] = ['STORAGE_UNAVAILABLE', 'OVERLOADED'];

/** Their 503 says that the same S3 was late. */
const HEALTH_ROUTES: readonly unknown[] = ['/health', '/readyz'];

/** What is wrong with the answers to an input, or undefined. The reasons of a 503 are in the log only. */
export function judgeOutcome({ statuses, problem }: Outcome): string | undefined {
  const bad = statuses.find((status) => status >= 500 && status !== 503 && !ALLOWED_STATUSES.has(status));
  return problem ?? (bad === undefined ? undefined : `answered ${bad}`);
}

/** What is wrong with a line of the log, or undefined. `inputs` are those that were sent lately, by id. */
export function judgeLine(line: LogLine, inputs: ReadonlyMap<string, FuzzInput>): string | undefined {
  const { level, msg, status, code, path, reason, protocol, route } = line;
  if (level === 'error' || level === 'fatal')
    return `the log has an error: ${JSON.stringify(line).slice(0, 2_000)}`;
  if (msg !== 'request') return undefined;
  const isLate = ALLOWED_UNAVAILABLE.includes(reason) || (status === 503 && HEALTH_ROUTES.includes(route));
  if (Number(status) >= 500 && !isLate && !ALLOWED_STATUSES.has(Number(status)))
    return `answered ${status}: ${JSON.stringify(line).slice(0, 1_000)}`;
  // gRPC has it so for a message that is marked as compressed without a word of how (compression.md).
  const isDemanded = code === 'internal' && reason === undefined && String(protocol).startsWith('grpc');
  if ((code === 'internal' && !isDemanded) || code === 'data_loss')
    return `ended as ${code}: ${JSON.stringify(line).slice(0, 1_000)}`;
  // Pipelined behind a refused request, it was not even looked at.
  const wasIgnored = code === 'canceled' && route === 'unmatched';
  if (wasIgnored || !String(path).startsWith(SMUGGLED_PATH)) return undefined;
  // By looking at all: what is mutated may be the id itself.
  return [...inputs.values()].some((input) => mayAsk(input, String(path)))
    ? undefined
    : `a request was taken from where strict parsing has none: ${path}`;
}

/** Whether the path is that of a request which strict parsing finds, too. */
function mayAsk({ channel, pieces }: FuzzInput, path: string): boolean {
  if (channel !== 'http1-raw') return false;
  return readStrictly(Buffer.concat(pieces)).requests.some(({ target }) => target.endsWith(path));
}

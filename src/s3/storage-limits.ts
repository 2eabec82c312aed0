// How long and how much S3 is asked.
import { boundedMs, type TimeLeft } from '../flow/time-left.ts';
import { createTurns, type Turns } from '../flow/turns.ts';

/** How long S3 may take, in milliseconds, and how often it is asked. */
export const STORAGE_LIMITS = {
  /** To accept a connection. */
  connectMs: 1_000,
  /** To begin an answer. */
  requestMs: 5_000,
  /** For the answer, retries and credentials included. */
  totalMs: 10_000,
  /**
   * The same for a completion: S3 answers it when the parts have been put together, "several minutes" at the most (AWS
   * "CompleteMultipartUpload"). Who gives up sooner only has to ask again.
   */
  completionMs: 30_000,
  attempts: 2,
  /** Connections to one S3, and so questions, at a time. */
  sockets: 256,
  /**
   * Questions that wait for one of them, and how long. An S3 that hangs must not gather all calls that may be under way:
   * those that only sign have no need of it.
   */
  waiting: 256,
  waitMs: 1_000,
} as const;

/** The turns of those who ask one S3. */
export function createQuestionTurns(): Turns {
  const { sockets, waiting, waitMs } = STORAGE_LIMITS;
  return createTurns(
    { concurrent: sockets, queueLength: waiting, queueWaitMs: waitMs },
    startTimer,
    // By its name it is known in the log.
    () => Object.assign(new Error('S3 is asked too much at once'), { name: 'TooManyQuestions' }),
  );
}

/** Milliseconds for one question: until its answer begins, and in all. `timeoutMs` is what the destination gives at the most. */
export function questionLimits(
  timeoutMs: number | undefined,
  kind: 'completion' | undefined,
  timeLeft: TimeLeft | undefined,
) {
  const usual = kind === undefined ? STORAGE_LIMITS.totalMs : STORAGE_LIMITS.completionMs;
  const totalMs = boundedMs(Math.min(usual, timeoutMs ?? usual), timeLeft);
  return { totalMs, requestMs: kind === undefined ? Math.min(STORAGE_LIMITS.requestMs, totalMs) : totalMs };
}

function startTimer(delayMs: number, callback: () => void): () => void {
  const timer = setTimeout(callback, delayMs);
  return () => clearTimeout(timer);
}

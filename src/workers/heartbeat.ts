import type { Schedule } from '../keys/clock.ts';

/** A question this often within the time; what goes unanswered is found at most one of these late. */
const BEATS = 5;

export interface HeartbeatDeps {
  /** Asks a question that costs nothing to answer. Rejects when the answer does not come any more. */
  readonly ask: () => Promise<unknown>;
  readonly clock: { monotonicMs(): number };
  readonly schedule: Schedule;
  /** How long an answer may take. */
  readonly timeoutMs: number;
  /** Told once, with how long nothing was answered; then nothing is asked any more. */
  readonly onSilent: (silentMs: number) => void;
}

/**
 * Asks again and again, one question at a time. What counts is only time in which our own timers were in time: on a
 * machine that is slow, or was suspended, the other side had no chance to answer either. Answers a function that
 * ends it.
 */
export function watchHeartbeat({ ask, clock, schedule, timeoutMs, onSilent }: HeartbeatDeps): () => void {
  const intervalMs = timeoutMs / BEATS;
  let missed = 0;
  let asked = false;
  let cancel = () => {};

  function listen(): void {
    asked = true;
    ask().then(
      () => {
        asked = false;
        missed = 0;
      },
      () => {
        asked = false;
      },
    );
  }

  function lookAt(dueMs: number): void {
    const isLate = clock.monotonicMs() - dueMs > intervalMs / 2;
    if (isLate) missed = 0;
    else if (asked) missed += 1;
    if (missed === BEATS) {
      onSilent(missed * intervalMs);
      return;
    }
    if (!asked) listen();
    lookLater();
  }

  function lookLater(): void {
    const dueMs = clock.monotonicMs() + intervalMs;
    cancel = schedule(intervalMs, () => lookAt(dueMs));
  }

  listen();
  lookLater();
  return () => cancel();
}

// What makes revocation certain: every instance polls the store's events, so that a revocation, like any other change
// of a key, is known within one interval whatever happens to the shared cache and its announcements.
import { Fault, faultFromUnknown } from '../fault/fault.ts';
import { type Clock, type Schedule, withTimeout } from './clock.ts';
import { type KeyLimits, keyLimits } from './limits.ts';
import type { KeyEvent, KeyStore } from './ports.ts';

export interface RevocationFeed {
  /**
   * Reads what happened lately, then polls until `stop`. Resolves after the first poll; rejects with a Fault
   * STORE_UNAVAILABLE when that fails, and then does not poll.
   */
  start(): Promise<void>;
  /** Resolves when no poll is running any more. */
  stop(): Promise<void>;
  /** Milliseconds since the last poll that succeeded began: how late a change can be. Infinite before the first. */
  lagMs(): number;
}

export interface RevocationFeedDeps {
  readonly store: Pick<KeyStore, 'events'>;
  /** Told of every event once, in order of arrival. Must not throw. */
  readonly onEvent: (event: KeyEvent) => void;
  readonly clock: Clock;
  readonly schedule: Schedule;
  readonly limits?: Partial<KeyLimits> | undefined;
  /** Told when polls begin to fail, and why; the next one that succeeds catches up. */
  readonly onDown?: ((fault: Fault) => void) | undefined;
  /** Told when polls succeed again. */
  readonly onUp?: (() => void) | undefined;
}

interface Mark {
  readonly atMs: number;
  readonly seq: number;
}

export function createRevocationFeed(deps: RevocationFeedDeps): RevocationFeed {
  const { store, onEvent, clock, schedule, onDown = () => {}, onUp = () => {} } = deps;
  const limits = keyLimits(deps.limits);
  const seen = new Set<number>();
  // How far earlier polls came. The first is the cursor: old enough that nothing before it can still turn up.
  let marks: Mark[] = [];
  let polledAtMs = Number.NEGATIVE_INFINITY;
  let running = false;
  let down = false;
  let starting: Promise<void> = Promise.resolve();
  let polling: Promise<void> = Promise.resolve();
  let cancelNext = () => {};

  function events(afterSeq: number, limit: number): Promise<readonly KeyEvent[]> {
    return withTimeout(
      store.events(afterSeq, limit),
      limits.feedTimeoutMs,
      schedule,
      () => new Fault('STORE_UNAVAILABLE', { cause: new Error('the event feed did not answer in time') }),
    );
  }

  async function poll(): Promise<void> {
    const startedAtMs = clock.monotonicMs();
    if (marks.length === 0) {
      const seq = await seqBefore(clock.wallMs() - limits.feedHistoryMs, events);
      marks = [{ atMs: startedAtMs, seq }];
    }
    const cursor = marks[0]?.seq ?? 0;
    let reached = marks.at(-1)?.seq ?? 0;
    for (let after = cursor, more = true; more; ) {
      const page = await events(after, limits.feedPageSize);
      for (const event of page) {
        after = Math.max(after, event.seq);
        if (seen.has(event.seq)) continue;
        seen.add(event.seq);
        onEvent(event);
      }
      more = page.length === limits.feedPageSize;
      reached = Math.max(reached, after);
    }
    polledAtMs = startedAtMs;
    marks.push({ atMs: startedAtMs, seq: reached });
    forget(startedAtMs - limits.feedOverlapMs);
  }

  function forget(beforeMs: number): void {
    const oldest = marks.findLastIndex((mark) => mark.atMs <= beforeMs);
    if (oldest > 0) marks = marks.slice(oldest);
    const cursor = marks[0]?.seq ?? 0;
    for (const seq of seen) if (seq <= cursor) seen.delete(seq);
  }

  function pollLater(): void {
    cancelNext = schedule(limits.feedIntervalMs, () => {
      polling = poll()
        .then(
          () => {
            if (down) onUp();
            down = false;
          },
          (error: unknown) => {
            if (!down) onDown(faultFromUnknown(error));
            down = true;
          },
        )
        .then(() => {
          if (running) pollLater();
        });
    });
  }

  async function start(): Promise<void> {
    try {
      await poll();
    } catch (error) {
      running = false;
      throw faultFromUnknown(error);
    }
    if (running) pollLater();
  }

  return {
    start() {
      if (!running) {
        running = true;
        starting = start();
        polling = starting.catch(() => {});
      }
      return starting;
    },
    async stop() {
      running = false;
      cancelNext();
      await polling;
    },
    lagMs: () => clock.monotonicMs() - polledAtMs,
  };
}

/**
 * The highest seq before which every event is older than `sinceMs`, or 0. Found by bisection, because the feed may
 * hold the history of years and all of it is before the answer.
 */
async function seqBefore(
  sinceMs: number,
  events: (afterSeq: number, limit: number) => Promise<readonly KeyEvent[]>,
): Promise<number> {
  const nextIsOld = async (seq: number) => {
    const [next] = await events(seq, 1);
    return next !== undefined && next.atMs < sinceMs;
  };
  if (!(await nextIsOld(0))) return 0;
  let old = 0;
  let recent = 1;
  while (await nextIsOld(recent)) {
    old = recent;
    recent *= 2;
  }
  while (recent - old > 1) {
    const middle = Math.floor((old + recent) / 2);
    if (await nextIsOld(middle)) old = middle;
    else recent = middle;
  }
  return recent;
}

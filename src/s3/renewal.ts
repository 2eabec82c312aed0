// Keeps a value that expires, such as what temporary credentials can sign, ahead of its expiry.
import { Fault } from '../fault/fault.ts';

/** How a value is kept fresh, in milliseconds. */
export const RENEWAL_LIMITS = {
  /** A value with less life than this is renewed in the background while it is still used. */
  floorMs: 15 * 60_000,
  /** A value with less life than this is used no more. */
  usableMs: 10_000,
  /** The least time between two renewals of a value that the source does not yet replace. */
  spacingMs: 30_000,
  /** How long a caller waits when there is no usable value. */
  waitMs: 5_000,
  /** After this a renewal that got no answer is given up, so that another can begin. */
  giveUpMs: 60_000,
  /** Pauses between failed renewals: the first, and the longest of those that follow, each twice the one before. */
  retryMs: 1_000,
  retryMaxMs: 30_000,
} as const;

/** The longest delay that a timer takes. */
const TIMER_MAX_MS = 2 ** 31 - 1;

export interface Renewal<T> {
  /** The value, if it is usable now. Begins a renewal in the background when one is due. */
  current(nowMs: number): T | undefined;
  /**
   * The value, once there is a usable one. Rejects with a Fault SIGNING_UNAVAILABLE when the source fails, does not
   * answer in time, or has failed so recently that it is left alone for now.
   */
  obtain(): Promise<T>;
  /** Ends the renewing. A value that is there stays usable until it expires. */
  close(): void;
}

export interface RenewalDeps<T> {
  readonly load: () => Promise<T>;
  /** Wall-clock milliseconds, or null for a value that does not expire. */
  readonly expiresAtMs: (value: T) => number | null;
  readonly wallClockMs: () => number;
  /** Told of each failed renewal, once. */
  readonly onFailure: (error: unknown) => void;
}

export function createRenewal<T>({ load, expiresAtMs, wallClockMs, onFailure }: RenewalDeps<T>): Renewal<T> {
  let held: { readonly value: T; readonly expiresAtMs: number } | undefined;
  let flight: Promise<T> | undefined;
  let dueAtMs = 0;
  let failures = 0;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  function hold(value: T): T {
    const nowMs = wallClockMs();
    const expiry = expiresAtMs(value) ?? Number.POSITIVE_INFINITY;
    if (expiry - nowMs < RENEWAL_LIMITS.usableMs)
      throw new Error('the source answered a value that has expired');
    held = { value, expiresAtMs: expiry };
    failures = 0;
    // A short-lived value is renewed at half its life, so that it is not below the floor from the start.
    const floorMs = Math.min(RENEWAL_LIMITS.floorMs, (expiry - nowMs) / 2);
    plan(Math.max(expiry - floorMs, nowMs + RENEWAL_LIMITS.spacingMs));
    return value;
  }

  function fail(error: unknown): never {
    plan(wallClockMs() + Math.min(RENEWAL_LIMITS.retryMs * 2 ** failures, RENEWAL_LIMITS.retryMaxMs));
    failures += 1;
    onFailure(error);
    throw error;
  }

  function plan(atMs: number): void {
    dueAtMs = atMs;
    clearTimeout(timer);
    if (closed || atMs === Number.POSITIVE_INFINITY) return;
    timer = setTimeout(renewQuietly, Math.min(Math.max(atMs - wallClockMs(), 0), TIMER_MAX_MS));
    timer.unref();
  }

  function renew(): Promise<T> {
    flight ??= within(load(), RENEWAL_LIMITS.giveUpMs)
      .then(hold)
      .catch(fail)
      .finally(() => {
        flight = undefined;
      });
    return flight;
  }

  function renewQuietly(): void {
    if (closed) return;
    // Its failure has been told to `onFailure`; the value that is held goes on until it expires.
    if (wallClockMs() >= dueAtMs) renew().catch(() => {});
    else plan(dueAtMs);
  }

  function isUsable(nowMs: number): boolean {
    return held !== undefined && held.expiresAtMs - nowMs >= RENEWAL_LIMITS.usableMs;
  }

  return {
    current: (nowMs) => {
      if (nowMs >= dueAtMs && flight === undefined) renewQuietly();
      return isUsable(nowMs) ? held?.value : undefined;
    },
    obtain: async () => {
      const nowMs = wallClockMs();
      if (held !== undefined && isUsable(nowMs)) return held.value;
      if (flight === undefined && failures > 0 && nowMs < dueAtMs) throw unavailable(dueAtMs - nowMs);
      return within(renew(), RENEWAL_LIMITS.waitMs).catch((cause: unknown) => {
        throw unavailable(RENEWAL_LIMITS.retryMs, cause);
      });
    },
    close: () => {
      closed = true;
      clearTimeout(timer);
    },
  };
}

function unavailable(retryAfterMs: number, cause?: unknown): Fault {
  return new Fault('SIGNING_UNAVAILABLE', { retryAfterMs, ...(cause === undefined ? {} : { cause }) });
}

/** The promise, or a rejection when it takes longer. */
function within<T>(promise: Promise<T>, limitMs: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timeout = setTimeout(() => reject(new Error(`no answer within ${limitMs} ms`)), limitMs);
    timeout.unref();
    promise.then(resolve, reject).finally(() => clearTimeout(timeout));
  });
}

import { Fault } from '../fault/fault.ts';
import type { Principal } from '../keys/api-key.ts';
import type { ByteQuota } from '../uploads/ports.ts';
import { type QuotaPeriod, quotaPeriods } from './byte-periods.ts';
import { createBytesUnderWay } from './bytes-under-way.ts';
import { callGuarded } from './guarded-call.ts';
import { createKnownUsage } from './known-usage.ts';
import type { ByteLedger, ByteLedgerAnswer, CallGuard, Schedule } from './ports.ts';
import { createUnbookedBytes } from './unbooked-bytes.ts';

/** How a key stands to one of its byte quotas. */
export interface ByteUsage {
  readonly period: 'day' | 'month';
  readonly limitBytes: number;
  readonly usedBytes: number;
  /** Wall-clock milliseconds at which the next period begins. */
  readonly resetAtMs: number;
}

/**
 * Byte quotas by a ledger that all instances share. While it is out of reach, this instance grants what its last
 * answers leave, and books that as soon as it can: never unlimited, and no upload fails for the ledger's sake, except with STORE_UNAVAILABLE
 * what fits only if none of the uploads that the ledger has yet to answer does. An
 * upload whose booking was not answered may be booked twice, never not at all.
 */
export interface LedgerByteQuota extends ByteQuota {
  /** How the key stands to each of its quotas: to the day's first. Empty for a key without. Never rejects. */
  usage(principal: Principal, nowMs: number): Promise<readonly ByteUsage[]>;
  /** Books what is not booked yet, if the ledger answers. */
  close(): Promise<void>;
}

export interface ByteQuotaDeps {
  readonly ledger: ByteLedger;
  readonly guard: CallGuard;
  readonly schedule: Schedule;
  /** How many keys are remembered for the time when the ledger is out of reach; about 500 bytes each. */
  readonly maxKeys?: number | undefined;
  /** Told of every decision that was made without the ledger, and why it failed if it was asked. */
  readonly onInsurance?: ((error: unknown) => void) | undefined;
  /** Told at the end of how many keys some bytes could not be booked. */
  readonly onLost?: ((keys: number) => void) | undefined;
}

const DEFAULT_MAX_KEYS = 10_000;
const BOOK_INTERVAL_MS = 1_000;

export function createByteQuota(deps: ByteQuotaDeps): LedgerByteQuota {
  const { guard, schedule, maxKeys = DEFAULT_MAX_KEYS, onInsurance = () => {}, onLost = () => {} } = deps;
  const known = createKnownUsage(maxKeys);
  const ledger: ByteLedger = {
    async takeBytes(keyId, bytes, periods) {
      const answer = await deps.ledger.takeBytes(keyId, bytes, periods);
      for (const [index, { period }] of periods.entries())
        known.learn(keyId, period, answer.usedBytes[index] ?? 0);
      return answer;
    },
  };
  const unbooked = createUnbookedBytes(ledger, maxKeys);
  const underWay = createBytesUnderWay();
  let cancelBooking: (() => void) | undefined;

  /** Undefined when the ledger does not answer, and at once while it is known not to. */
  function ask(
    keyId: string,
    bytes: number,
    periods: readonly QuotaPeriod[],
  ): Promise<ByteLedgerAnswer | undefined> {
    const call = {
      async ask() {
        if (unbooked.has(keyId)) await unbooked.book(keyId);
        return ledger.takeBytes(keyId, bytes, periods);
      },
      probe: () => ledger.takeBytes(keyId, 0, periods),
    };
    return callGuarded(guard, call, onInsurance);
  }

  const usedBytes = (keyId: string, { period }: QuotaPeriod) =>
    known.of(keyId, period) + unbooked.of(keyId, period);

  async function takeWithin(
    keyId: string,
    bytes: number,
    periods: readonly QuotaPeriod[],
    nowMs: number,
  ): Promise<void> {
    const answer = await underWay.during(keyId, bytes, () => ask(keyId, bytes, periods));
    if (answer?.granted) return;
    const exceeded = periods.findLast((period) => usedBytes(keyId, period) + bytes > period.limitBytes);
    // The ledger's word counts, whatever else is known by now.
    const refusing = exceeded ?? (answer && periods.at(-1));
    if (refusing !== undefined) throw quotaExceeded(refusing, bytes, usedBytes(keyId, refusing), nowMs);
    // The ledger may be granting what others have asked for, and nothing is granted twice: later there is an answer.
    const room = Math.min(...periods.map((period) => period.limitBytes - usedBytes(keyId, period)));
    if (underWay.of(keyId) + bytes > room) throw new Fault('STORE_UNAVAILABLE');
    const noted = unbooked.add(
      keyId,
      bytes,
      periods.map(({ period }) => period),
    );
    if (!noted) throw new Fault('STORE_UNAVAILABLE');
    bookLater();
  }

  function bookLater(): void {
    cancelBooking ??= schedule(BOOK_INTERVAL_MS, () => {
      cancelBooking = undefined;
      void bookAll();
    });
  }

  async function bookAll(): Promise<void> {
    for (const keyId of unbooked.keys()) {
      if (!guard.admit()) break;
      const booked = await isDone(unbooked.book(keyId));
      if (!booked) {
        guard.failed();
        break;
      }
      guard.succeeded();
    }
    if (unbooked.keys().length > 0) bookLater();
  }

  return {
    take(principal, sizeBytes, nowMs) {
      const periods = quotaPeriods(principal, nowMs);
      return periods.length > 0 ? takeWithin(principal.keyId, sizeBytes, periods, nowMs) : undefined;
    },
    async usage(principal, nowMs) {
      const periods = quotaPeriods(principal, nowMs);
      if (periods.length > 0) await ask(principal.keyId, 0, periods);
      return periods.map((period) => ({
        period: period.name,
        limitBytes: period.limitBytes,
        usedBytes: usedBytes(principal.keyId, period),
        resetAtMs: period.resetAtMs,
      }));
    },
    async close() {
      cancelBooking?.();
      for (const keyId of unbooked.keys()) if (!(await isDone(unbooked.book(keyId)))) break;
      const { length } = unbooked.keys();
      if (length > 0) onLost(length);
    },
  };
}

function isDone(work: Promise<void>): Promise<boolean> {
  return work.then(
    () => true,
    () => false,
  );
}

/** Says which quota, its limit and what is left. Of two, the one that lasts longer: waiting for the other is no use. */
function quotaExceeded(
  { name, limitBytes, resetAtMs }: QuotaPeriod,
  bytes: number,
  used: number,
  nowMs: number,
) {
  const quota = `${name === 'day' ? 'daily' : 'monthly'} quota of ${limitBytes} bytes`;
  const left = Math.max(0, limitBytes - used);
  const until = new Date(resetAtMs).toISOString().replace('.000', '');
  return new Fault('QUOTA_EXCEEDED', {
    publicMessage:
      bytes > limitBytes
        ? `The upload of ${bytes} bytes is larger than the whole ${quota} of the API key`
        : `The upload of ${bytes} bytes exceeds the ${quota} of the API key, of which ${left} are left until ${until}`,
    retryAfterMs: resetAtMs - nowMs,
  });
}

// Joins what keeps keys within their limits: the rates of their calls and the bytes of their uploads.
import type { Settings } from './config/settings.ts';
import { type CircuitBreaker, createCircuitBreaker } from './keys/circuit-breaker.ts';
import { KEY_LIMITS } from './keys/limits.ts';
import type { KeyRooms } from './open-keys.ts';
import { createByteQuota, type LedgerByteQuota } from './quota/byte-quota.ts';
import { createKeyLimiter, type KeyLimiter } from './quota/key-limiter.ts';
import { clock, random, schedule } from './system.ts';
import type { Events } from './telemetry/events.ts';
import type { Metrics } from './telemetry/metrics.ts';
import type { GuardName } from './telemetry/state-gauges.ts';

export interface Limits extends AsyncDisposable {
  readonly limiter: KeyLimiter;
  readonly byteQuota: LedgerByteQuota;
}

/** @throws Error that names the setting when the default plan is none of the plans. */
export function openLimits(
  settings: Pick<Settings, 'ratePlans' | 'defaultRatePlan'>,
  { store, rateCounts }: Pick<KeyRooms, 'store' | 'rateCounts'>,
  { events, metrics }: { readonly events: Events; readonly metrics: Metrics },
): Limits {
  const limiter = createKeyLimiter({
    plans: settings.ratePlans,
    defaultPlan: settings.defaultRatePlan,
    shared: rateCounts && { counts: rateCounts, guard: createGuard(metrics, 'rate') },
    clock,
    onUnknownPlan: events.unknownRatePlan,
    onInsurance: () => events.limitInsured('rate'),
  });
  metrics.state.cache('rate_states', limiter.size);
  const byteQuota = createByteQuota({
    ledger: store,
    guard: createGuard(metrics, 'bytes'),
    schedule,
    onInsurance: () => events.limitInsured('bytes'),
    onLost: events.byteUsageLost,
  });
  return { limiter, byteQuota, [Symbol.asyncDispose]: () => byteQuota.close() };
}

/** What counts is left alone for as long as a shared cache that fails. */
export function createGuard({ state }: Pick<Metrics, 'state'>, name: GuardName): CircuitBreaker {
  const { breakerFailures: failures, breakerOpenMs: openMs } = KEY_LIMITS;
  const guard = createCircuitBreaker({ clock, random: random.fraction, failures, openMs });
  state.breaker(name, guard.state);
  return guard;
}

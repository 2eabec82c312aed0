import type { Principal } from '../keys/api-key.ts';
import type { RateLimit } from './gcra.ts';

interface Allowance {
  readonly requests: number;
  readonly windowMs: number;
}

/** The limit that applies to a key, as people and as the algorithm know it. */
export interface KeyLimit extends Allowance {
  /** The plan that the limit comes from; undefined for a limit of the key's own. */
  readonly plan: string | undefined;
  readonly rate: RateLimit;
}

export interface KeyLimitsDeps {
  /** By their names; null is no limit. */
  readonly plans: ReadonlyMap<string, Allowance | null>;
  /** The name of one of the plans. */
  readonly defaultPlan: string;
  /** Told once of each plan that a key names and the settings do not have. */
  readonly onUnknownPlan: (plan: string) => void;
}

/** How many unknown plans are remembered as told of. */
const TOLD_MAX = 1_000;

/**
 * Finds the limit of a key: its own, else its plan's, else the default plan's; undefined where that is none.
 *
 * @throws Error that names the settings when the default plan is none of the plans.
 */
export function createKeyLimits(deps: KeyLimitsDeps): (principal: Principal) => KeyLimit | undefined {
  const { plans, defaultPlan, onUnknownPlan } = deps;
  if (!plans.has(defaultPlan)) {
    throw new Error(
      `PRESIGND_DEFAULT_RATE_PLAN is ${defaultPlan}, but PRESIGND_RATE_PLANS has only ${[...plans.keys()].join(', ')}`,
    );
  }
  const limits = new Map([...plans].map(([name, plan]) => [name, plan ? keyLimit(name, plan) : undefined]));
  const defaultLimit = limits.get(defaultPlan);
  const toldOf = new Set<string>();

  return ({ rateLimit }) => {
    if (rateLimit === null) return defaultLimit;
    const { plan, requests, windowSeconds } = rateLimit;
    if (requests !== undefined && windowSeconds !== undefined) {
      return keyLimit(undefined, { requests, windowMs: windowSeconds * 1_000 });
    }
    if (plan === undefined) return defaultLimit;
    if (limits.has(plan)) return limits.get(plan);
    if (!toldOf.has(plan) && toldOf.size < TOLD_MAX) {
      toldOf.add(plan);
      onUnknownPlan(plan);
    }
    return defaultLimit;
  };
}

function keyLimit(plan: string | undefined, { requests, windowMs }: Allowance): KeyLimit {
  return { plan, requests, windowMs, rate: rateOf({ requests, windowMs }) };
}

/** A rate that takes the calls of a whole window at once. */
export function rateOf({ requests, windowMs }: Allowance): RateLimit {
  return { perSecond: (requests * 1_000) / windowMs, burst: requests };
}

// Whether an upload token may plan more. What all instances have counted together decides. What this instance knows
// is a bound of its own: it never grants more than a token allows by itself, and a shared count that has lost its
// memory is told what it was at least. While the shared count is out of reach, that bound alone decides, so a token
// may then be used up once on every instance.
import { LRUCache } from 'lru-cache';
import type { TokenBudget, TokenUse } from '../uploads/ports.ts';
import { type CallInsurance, callGuarded } from './guarded-call.ts';
import type { CallGuard, SharedTokenCounts, TokenCount } from './ports.ts';

export interface TokenBudgetDeps {
  /** Without it this instance is the only one. */
  readonly shared?: { readonly counts: SharedTokenCounts; readonly guard: CallGuard } | undefined;
  readonly clock: { monotonicMs(): number };
  /** How many tokens are remembered at the same time; about 200 bytes each. */
  readonly maxTokens?: number | undefined;
  /** Told of every decision that this instance made alone, and why the shared count failed if it was asked. */
  readonly onInsurance?: CallInsurance | undefined;
}

/** What is known of a token. */
interface KnownUse {
  /** At least so much was granted by all instances together. */
  readonly known: TokenCount;
  /** Granted by this instance. */
  readonly own: TokenCount;
}

const DEFAULT_MAX_TOKENS = 100_000;
export const NOTHING: TokenCount = { files: 0, bytes: 0 };
const UNUSED: KnownUse = { known: NOTHING, own: NOTHING };

export function createTokenBudget(deps: TokenBudgetDeps): TokenBudget {
  const { shared, clock, maxTokens = DEFAULT_MAX_TOKENS, onInsurance = () => {} } = deps;
  const tokens = new LRUCache<string, KnownUse>({
    // Told of a number, it would make room for all at once.
    maxSize: maxTokens,
    sizeCalculation: () => 1,
    perf: { now: clock.monotonicMs },
    // Any other resolution makes the cache remember the time by a timer of its own.
    ttlResolution: 0,
  });
  const useOf = (tokenId: string) => tokens.get(tokenId) ?? UNUSED;

  function note({ tokenId, ttlMs }: TokenUse, known: TokenCount, own: TokenCount): void {
    // A life of 0 would be one without end.
    tokens.set(tokenId, { known, own }, { ttl: Math.max(1, Math.ceil(ttlMs)) });
  }

  function takeAlone(use: TokenUse): boolean {
    const { known, own } = useOf(use.tokenId);
    if (!fits(known, use)) return false;
    note(use, sum(known, use), sum(own, use));
    return true;
  }

  async function takeTogether(
    { counts, guard }: NonNullable<TokenBudgetDeps['shared']>,
    use: TokenUse,
  ): Promise<boolean> {
    const { known: atLeast } = useOf(use.tokenId);
    if (!fits(atLeast, use)) return false;
    const answer = await callGuarded(
      guard,
      {
        ask: () => counts.take(use, atLeast),
        probe: () => counts.take({ ...use, files: 0, bytes: 0 }, atLeast),
      },
      onInsurance,
    );
    if (answer === undefined) return takeAlone(use);
    const { known, own } = useOf(use.tokenId);
    // A shared count that was wiped while it was asked may have granted what was granted here meanwhile.
    const granted = answer.granted && fits(own, use);
    const ownNow = granted ? sum(own, use) : own;
    note(use, larger(larger(known, answer.used), ownNow), ownNow);
    return granted;
  }

  return { take: async (use) => (shared === undefined ? takeAlone(use) : takeTogether(shared, use)) };
}

/** Differences, because a sum could exceed what numbers hold exactly. */
export function fits(used: TokenCount, { files, bytes, maxFiles, maxBytes }: TokenUse): boolean {
  return files <= maxFiles - used.files && bytes <= maxBytes - used.bytes;
}

export function sum(one: TokenCount, other: TokenCount): TokenCount {
  return { files: one.files + other.files, bytes: one.bytes + other.bytes };
}

export function larger(one: TokenCount, other: TokenCount): TokenCount {
  return { files: Math.max(one.files, other.files), bytes: Math.max(one.bytes, other.bytes) };
}

// What creating calls remember, for all instances together and for each by itself.
//
// An instance that has answered a caller goes on answering the same, whatever becomes of what is shared: it keeps a
// copy, and gives it up only for a value that has replaced it. Each value carries how often its name was replaced,
// so a later value can be told from another one of the same rank, which an instance decided on that was cut off, or
// found the shared memory wiped. Of two such, every instance keeps its own.
import { type CallInsurance, callGuarded } from '../quota/guarded-call.ts';
import type { CallGuard } from '../quota/ports.ts';
import { type CreationEntriesDeps, createCreationEntries } from './creation-entries.ts';
import type { CreationMemory } from './ports.ts';

interface Ranked {
  /** How often the name was replaced before. */
  readonly rank: number;
  /** Wall-clock milliseconds, fixed by who brought the value: who hands it on must not prolong its life. */
  readonly untilMs: number;
  readonly value: string;
}

export interface SharedCreationMemoryDeps extends CreationEntriesDeps {
  readonly clock: { monotonicMs(): number; wallMs(): number };
  /** What all instances share. May reject, and then counts as out of reach. */
  readonly shared: CreationMemory;
  readonly guard: CallGuard;
  /** Told of every call that this instance answered alone, and why the shared memory failed if it was asked. */
  readonly onInsurance?: CallInsurance | undefined;
}

/**
 * Asks what is shared first. While that is out of reach, the instance remembers by itself: two instances may then
 * answer one name differently, but neither of them ever contradicts itself.
 */
export function createSharedCreationMemory(deps: SharedCreationMemoryDeps): CreationMemory {
  const { shared, guard, clock, onInsurance = () => {} } = deps;
  const own = createCreationEntries<Ranked>(deps, ({ value }) => value.length);

  function ask<T extends object>(name: string, work: () => Promise<T>): Promise<T | undefined> {
    return callGuarded(guard, { ask: work, probe: () => shared.recall(name) }, onInsurance);
  }

  const leftMs = ({ untilMs }: Ranked) => untilMs - clock.wallMs();

  /** Takes in what is shared, unless what this instance has is as good or better, and answers what counts. */
  function settle(name: string, found: Ranked): Ranked {
    const known = own.get(name);
    if (known !== undefined && known.rank >= found.rank) return known;
    own.set(name, found, leftMs(found));
    return found;
  }

  /** Gives the others what they have lost, or never heard of. Nobody waits for it. */
  function repair(name: string, found: Ranked | undefined): void {
    const known = own.get(name);
    if (known === undefined || known.rank <= (found?.rank ?? -1)) return;
    const put = found === undefined ? shared.remember : shared.replace;
    put(name, textOf(known), leftMs(known)).catch(() => {});
  }

  return {
    async remember(name, value, ttlMs) {
      const offered = own.get(name) ?? { rank: 0, untilMs: clock.wallMs() + ttlMs, value };
      const answer = await ask(name, async () => ({
        found: rankedFrom(await shared.remember(name, textOf(offered), leftMs(offered))),
      }));
      if (answer !== undefined) repair(name, answer.found);
      return settle(name, answer?.found ?? offered).value;
    },
    async replace(name, value, ttlMs) {
      const rank = (own.get(name)?.rank ?? 0) + 1;
      const replacing = { rank, untilMs: clock.wallMs() + ttlMs, value };
      own.set(name, replacing, ttlMs);
      await ask(name, async () => ({ done: await shared.replace(name, textOf(replacing), ttlMs) }));
    },
    async recall(name) {
      const answer = await ask(name, async () => ({ found: optionalFrom(await shared.recall(name)) }));
      if (answer !== undefined) repair(name, answer.found);
      return (answer?.found === undefined ? own.get(name) : settle(name, answer.found))?.value;
    },
  };
}

const textOf = ({ rank, untilMs, value }: Ranked) => `${rank}|${untilMs}|${value}`;

function rankedFrom(text: string): Ranked {
  const [rank, untilMs] = text.split('|', 2).map(Number);
  if (rank === undefined || untilMs === undefined) throw new Error('The shared memory holds something else');
  return { rank, untilMs, value: text.slice(text.indexOf('|', text.indexOf('|') + 1) + 1) };
}

const optionalFrom = (text: string | undefined) => (text === undefined ? undefined : rankedFrom(text));

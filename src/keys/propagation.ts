// How long changes of keys take from the store to this instance. An announcement does not say when the change
// happened; the event of the feed does, and always follows.
import { LRUCache } from 'lru-cache';
import type { KeyDigest } from './api-key.ts';
import type { Clock } from './clock.ts';
import type { KeyEvent } from './ports.ts';

/** Announced changes whose event is still to come: those of one or two polls. */
const AWAITED_EVENTS = 10_000;

/** Who told of a change first. */
export type PropagationPath = 'feed' | 'announcement';

export interface Propagation {
  /** An announcement told of a change that was not known before. */
  announced(digest: KeyDigest, version: number): void;
  /** The feed has brought an event, whose change was known before or not. */
  fed(event: KeyEvent, wasKnown: boolean): void;
}

export interface PropagationDeps {
  readonly clock: Pick<Clock, 'wallMs'>;
  /** Told once of each change that another process made while this one was running. Changes made here are none. */
  readonly onPropagated: (path: PropagationPath, delayMs: number) => void;
}

export function createPropagation({ clock, onPropagated }: PropagationDeps): Propagation {
  // The first poll also tells of what happened before there was anybody here to be told.
  const sinceMs = clock.wallMs();
  const announced = new LRUCache<KeyDigest, { readonly version: number; readonly atMs: number }>({
    max: AWAITED_EVENTS,
  });

  return {
    announced: (digest, version) => void announced.set(digest, { version, atMs: clock.wallMs() }),
    fed({ digest, version, kind, atMs }, wasKnown) {
      if (kind === 'created' || atMs < sinceMs) return;
      // The clocks of two machines differ: what seems to come from the future has just happened.
      const delayUntil = (knownAtMs: number) => Math.max(0, knownAtMs - atMs);
      if (!wasKnown) return onPropagated('feed', delayUntil(clock.wallMs()));
      const heard = announced.get(digest);
      if (heard?.version !== version) return;
      announced.delete(digest);
      onPropagated('announcement', delayUntil(heard.atMs));
    },
  };
}

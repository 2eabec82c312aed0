import type { KeyDigest } from '../keys/api-key.ts';
import type { RedisConnections } from './client.ts';
import type { Seal } from './sealed-record.ts';

type RevokedListener = (digest: KeyDigest, version: number) => void;
type GapListener = () => void;

/** The announcements of other instances, and the moments after which some may have been missed. */
export interface RevocationChannel {
  onRevoked(listener: RevokedListener): () => void;
  onGap(listener: GapListener): () => void;
  close(): void;
}

export interface RevocationChannelDeps {
  readonly connections: Pick<RedisConnections, 'subscriber'>;
  readonly channel: string;
  readonly seal: Pick<Seal, 'openRevocation'>;
  readonly onRejected: () => void;
}

export function listenForRevocations(deps: RevocationChannelDeps): RevocationChannel {
  const { connections, channel, seal, onRejected } = deps;
  const { subscriber } = connections;
  const revokedListeners = new Set<RevokedListener>();
  const gapListeners = new Set<GapListener>();

  function onMessage(from: string, message: string): void {
    if (from !== channel) return;
    const revoked = seal.openRevocation(message);
    if (revoked === undefined) onRejected();
    else for (const listener of revokedListeners) listener(revoked.digest, revoked.version);
  }

  // Only once the subscription stands can nothing more be missed; whatever was before is the gap.
  function subscribe(): void {
    subscriber.subscribe(channel).then(
      () => {
        for (const listener of gapListeners) listener();
      },
      // The connection is gone again, and its next `ready` brings us back here.
      () => {},
    );
  }

  subscriber.on('message', onMessage);
  subscriber.on('ready', subscribe);
  if (subscriber.status === 'ready') subscribe();

  return {
    onRevoked: (listener) => added(revokedListeners, listener),
    onGap: (listener) => added(gapListeners, listener),
    close() {
      subscriber.off('message', onMessage);
      subscriber.off('ready', subscribe);
      revokedListeners.clear();
      gapListeners.clear();
      if (subscriber.status === 'ready') subscriber.unsubscribe(channel).catch(() => {});
    },
  };
}

function added<T>(listeners: Set<T>, listener: T): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

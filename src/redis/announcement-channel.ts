import type { KeyDigest } from '../keys/api-key.ts';
import type { RedisConnections } from './client.ts';
import type { Seal } from './sealed-record.ts';

type AnnouncedListener = (digest: KeyDigest, version: number) => void;
type GapListener = () => void;

/** The announcements of other instances, and the moments after which some may have been missed. */
export interface AnnouncementChannel {
  onAnnounced(listener: AnnouncedListener): () => void;
  onGap(listener: GapListener): () => void;
  close(): void;
}

export interface AnnouncementChannelDeps {
  readonly connections: Pick<RedisConnections, 'subscriber'>;
  readonly channel: string;
  readonly seal: Pick<Seal, 'openChange'>;
  readonly onRejected: () => void;
}

export function listenForAnnouncements(deps: AnnouncementChannelDeps): AnnouncementChannel {
  const { connections, channel, seal, onRejected } = deps;
  const { subscriber } = connections;
  const announcedListeners = new Set<AnnouncedListener>();
  const gapListeners = new Set<GapListener>();

  function onMessage(from: string, message: string): void {
    if (from !== channel) return;
    const change = seal.openChange(message);
    if (change === undefined) onRejected();
    else for (const listener of announcedListeners) listener(change.digest, change.version);
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
    onAnnounced: (listener) => added(announcedListeners, listener),
    onGap: (listener) => added(gapListeners, listener),
    close() {
      subscriber.off('message', onMessage);
      subscriber.off('ready', subscribe);
      announcedListeners.clear();
      gapListeners.clear();
      if (subscriber.status === 'ready') subscriber.unsubscribe(channel).catch(() => {});
    },
  };
}

function added<T>(listeners: Set<T>, listener: T): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

import type { ChildProcess } from 'node:child_process';

interface Dealt {
  readonly seq: number;
  readonly connection: { close(): void };
}

/**
 * Sees to it that a connection is not lost which node:cluster has dealt to a worker that dies before it takes it: the
 * primary would hold it open for ever, with nobody to read it. A worker says that it takes a connection before it reads
 * the first byte, so what it has not taken can go to another.
 *
 * Not documented: what is intercepted here are node:cluster's own messages, `newconn` and its answer. Were they to
 * change, connections would be dealt as without this, which test/faults/workers-crash.test.ts would notice.
 *
 * @returns deals again, or closes if `toOthers` is false, what the worker never took; for when its channel is closed
 */
export function watchDealing(child: ChildProcess): (toOthers: boolean) => void {
  const dealt = new Map<number, Dealt>();
  const send = child.send.bind(child) as (...args: unknown[]) => boolean;
  let disconnected = false;
  child.send = (...args: unknown[]) => {
    const found = dealtFrom(args[0], args[1]);
    if (found !== undefined) dealt.set(found.seq, found);
    return send(...args);
  };
  child.on('internalMessage', (message: unknown) => {
    if (typeof message === 'object' && message !== null && 'ack' in message)
      dealt.delete(Number(message.ack));
  });
  child.once('disconnect', () => {
    disconnected = true;
  });
  return (toOthers) => {
    // Node waits in vain for the other side to confirm a handle, and node:cluster would go on dealing to it.
    if (!disconnected) child.emit('disconnect');
    for (const { seq, connection } of dealt.values()) {
      if (toOthers) child.emit('internalMessage', { cmd: 'NODE_CLUSTER', ack: seq, accepted: false });
      else connection.close();
    }
    dealt.clear();
  };
}

function dealtFrom(message: unknown, handle: unknown): Dealt | undefined {
  if (typeof message !== 'object' || message === null || typeof handle !== 'object' || handle === null)
    return;
  if (!('act' in message) || message.act !== 'newconn' || !('seq' in message) || !('close' in handle)) return;
  return { seq: Number(message.seq), connection: handle as Dealt['connection'] };
}

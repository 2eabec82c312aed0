import { connect, type Socket } from 'node:net';

/** One connection, watched. */
export interface WireClient {
  readonly socket: Socket;
  /** Resolves when bytes came, the connection ended, or so many milliseconds have passed. */
  next(waitMs: number): Promise<'data' | 'closed' | 'silence'>;
  /** The bytes that came since it was last asked. */
  take(): Buffer;
  readonly isClosed: () => boolean;
}

export function openWireClient(port: number): WireClient {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
  let chunks: Buffer[] = [];
  let closed = false;
  let wake: () => void = () => {};
  socket.on('data', (chunk) => {
    chunks.push(chunk);
    wake();
  });
  // A reset is one of the ways in which a server may hang up.
  socket.on('error', () => {});
  socket.on('end', () => socket.end());
  socket.once('close', () => {
    closed = true;
    wake();
  });
  const state = () => (chunks.length > 0 ? 'data' : closed ? 'closed' : 'silence');
  return {
    socket,
    isClosed: () => closed,
    take: () => {
      const taken = chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks);
      chunks = [];
      return taken;
    },
    next: (waitMs) => {
      if (state() !== 'silence') return Promise.resolve(state());
      return new Promise((resolve) => {
        const timer = setTimeout(() => wake(), waitMs);
        wake = () => {
          clearTimeout(timer);
          wake = () => {};
          resolve(state());
        };
      });
    },
  };
}

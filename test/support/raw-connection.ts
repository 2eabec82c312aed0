import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** A TCP connection under full control of the test: what is sent, when, and how it ends. */
export interface RawConnection {
  readonly socket: Socket;
  send(bytes: string | Uint8Array): void;
  /** Everything received so far, as Latin-1. */
  received(): string;
  /** Resolves with everything received once it matches; rejects when the connection ends before. */
  until(pattern: RegExp | string): Promise<string>;
  /** Resolves with everything received once the connection is closed. */
  readonly closed: Promise<string>;
}

export async function openRawConnection(port: number): Promise<RawConnection> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
    socket.emit('text');
  });
  // A reset is one of the ways in which a server may hang up.
  socket.on('error', () => {});
  socket.on('end', () => socket.end());
  const closed = new Promise<string>((resolve) => socket.once('close', () => resolve(text)));
  await once(socket, 'connect');

  const matches = (pattern: RegExp | string) =>
    typeof pattern === 'string' ? text.includes(pattern) : pattern.test(text);

  return {
    socket,
    send: (bytes) => {
      socket.write(bytes);
    },
    received: () => text,
    until: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => matches(pattern) && resolve(text);
        socket.on('text', look);
        socket.once('close', () => reject(new Error(`closed before ${pattern}; received: ${text}`)));
        look();
      }),
    closed,
  };
}

/** Sends these bytes on a connection of their own, and resolves with all that came back until it was closed. */
export async function exchange(port: number, bytes: string | Uint8Array): Promise<string> {
  const connection = await openRawConnection(port);
  connection.send(bytes);
  return connection.closed;
}

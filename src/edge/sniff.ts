import type { Socket } from 'node:net';

/** The content type of a TLS record that holds a handshake (RFC 8446 §5.1). No HTTP request begins with it. */
const TLS_HANDSHAKE = 0x16;

/** What an HTTP/2 client sends first (RFC 9113 §3.4). */
const HTTP2_PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');

export type SniffedProtocol = 'http1' | 'http2' | 'tls';

/** The protocol that these first bytes begin, or undefined while they could still become several. */
export function protocolOf(head: Buffer): SniffedProtocol | undefined {
  if (head[0] === TLS_HANDSHAKE) return 'tls';
  const length = Math.min(head.length, HTTP2_PREFACE.length);
  if (head.compare(HTTP2_PREFACE, 0, length, 0, length) !== 0) return 'http1';
  return head.length < HTTP2_PREFACE.length ? undefined : 'http2';
}

/**
 * Calls `decided` once the first bytes of the socket tell its protocol, with those bytes put back in front.
 * Destroys the socket when they do not come within `timeoutMs`, or when the peer ends before.
 */
export function sniffProtocol(
  socket: Socket,
  timeoutMs: number,
  decided: (protocol: SniffedProtocol) => void,
): void {
  let head: Buffer | undefined;
  const giveUp = () => socket.destroy();
  const timer = setTimeout(giveUp, timeoutMs);

  const stop = () => {
    clearTimeout(timer);
    socket.off('readable', look);
    socket.off('end', giveUp);
    socket.off('close', stop);
  };
  const look = () => {
    const chunk: Buffer | null = socket.read();
    if (chunk === null) return;
    head = head === undefined ? chunk : Buffer.concat([head, chunk]);
    const protocol = protocolOf(head);
    if (protocol === undefined) return;
    stop();
    // Only now: unshift() emits 'readable' again, and would loop for ever on an undecided prefix.
    socket.unshift(head);
    decided(protocol);
  };

  socket.on('readable', look);
  // The listener keeps sockets half-open, so an early FIN would otherwise leave this one behind.
  socket.once('end', giveUp);
  socket.once('close', stop);
}

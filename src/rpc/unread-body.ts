// What becomes of the body of a request that is answered before it has been read to its end.
import type { IncomingMessage } from 'node:http';
import { constants } from 'node:http2';
import type { Http2Request, HttpRequest, HttpResponse } from './http-handler.ts';

/** By then trailers have left this machine, over TLS as well. */
const TRAILERS_MS = 100;

/** Has the caller, once it is answered, send no more of the body, or throws away what it sends. */
export function forgoBody(request: HttpRequest, response: HttpResponse): void {
  if ('stream' in request) stopWhenAnswered(request);
  else response.once('finish', () => discardRest(request));
}

/**
 * Handlers stop reading a request that they refuse, such as one that is too large. Left in the socket, the rest would
 * stand before the next request of the connection, which then would wait in vain.
 */
function discardRest(request: IncomingMessage): void {
  if (request.complete) return;
  const discard = () => {
    while (request.read() !== null);
  };
  request.on('readable', discard);
  discard();
}

/**
 * The same over HTTP/2, where the caller would wait for ever to be let send the rest, in a stream that stays open.
 * After a whole answer, this asks to send no more (RFC 9113 §8.1).
 */
function stopWhenAnswered({ stream }: Http2Request): void {
  // Comes with trailers and without; for a HEAD before its answer, and then nothing is stopped.
  stream.once('finish', () => {
    if (stream.readableEnded || !stream.headersSent) return;
    // Not at once: the reset would overtake trailers that Node is about to send.
    const timer = setTimeout(() => {
      stream.close(constants.NGHTTP2_NO_ERROR);
      // Closed alone, it would wait for somebody to read what has come.
      stream.destroy();
    }, TRAILERS_MS);
    stream.once('close', () => clearTimeout(timer));
  });
}

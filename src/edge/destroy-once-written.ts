import { constants, type ServerHttp2Stream } from 'node:http2';
import { Duplex } from 'node:stream';

/**
 * `destroy` for a stream that was given its whole answer. Node calls it, without an error, as soon as the last frame is
 * made, and would then call the write that is still on its way to the socket a failed one: `writableFinished` stays
 * false, and an error that nobody hears is made for a fifth of what the call costs in HTTP. Put off, it is called again
 * when the write is done, or when the session ends.
 */
export function destroyOnceWritten(this: ServerHttp2Stream, error?: Error): ServerHttp2Stream {
  if (error !== undefined || !isBeingWritten(this)) Duplex.prototype.destroy.call(this, error);
  return this;
}

/** Whether the frames have been made, up to the one that ends the stream: a reset in between leaves nothing to wait for. */
function isBeingWritten(stream: ServerHttp2Stream): boolean {
  const { session, rstCode, writableFinished } = stream;
  if (writableFinished || rstCode !== constants.NGHTTP2_NO_ERROR) return false;
  return session?.destroyed === false && stream.state.localClose === 1;
}

import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import type { Http2Request } from '../rpc/http-handler.ts';

type Listener = Parameters<Readable['on']>[1];

/**
 * A request over HTTP/2 that is a view of its stream. Node's own, made for code that was written for HTTP/1.1, is a
 * stream beside the stream, and hands every chunk and event over. A class, because its methods then cost nothing per
 * request.
 */
export class Http2StreamRequest implements Http2Request {
  readonly stream: ServerHttp2Stream;
  readonly socket: Socket;
  readonly headers: IncomingHttpHeaders;
  readonly rawHeaders: string[];
  readonly httpVersion = '2.0';
  url: string;

  /** `headers` as Node makes them: names in lower case, repetitions joined (RFC 9110 §5.3, of cookies RFC 9113 §8.2.3). */
  constructor(stream: ServerHttp2Stream, socket: Socket, headers: IncomingHttpHeaders, rawHeaders: string[]) {
    this.stream = stream;
    this.socket = socket;
    this.headers = headers;
    this.rawHeaders = rawHeaders;
    this.url = headers[':path'] ?? '';
  }

  get method(): string {
    return this.headers[':method'] ?? '';
  }

  get authority(): string {
    return this.headers[':authority'] ?? this.headers.host ?? '';
  }

  on(event: string | symbol, listener: Listener): Readable {
    // An error is the peer's doing, or follows from `destroy`; `close` tells of its end all the same.
    return event === 'error' ? this.stream : this.stream.on(event, listener);
  }

  once(event: string | symbol, listener: Listener): Readable {
    return event === 'error' ? this.stream : this.stream.once(event, listener);
  }

  off(event: string | symbol, listener: Listener): Readable {
    return this.stream.off(event, listener);
  }

  pause(): Readable {
    return this.stream.pause();
  }

  resume(): Readable {
    return this.stream.resume();
  }

  /** Whoever stops early leaves the stream whole, which has an answer to carry. */
  [Symbol.asyncIterator](): AsyncIterator<Buffer> {
    return this.stream.iterator({ destroyOnReturn: false });
  }
}

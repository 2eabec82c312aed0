import type { IncomingMessage, ServerResponse } from 'node:http';
import type { IncomingHttpHeaders, OutgoingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import type { RequestRecord } from '../telemetry/request-record.ts';

/** What doors, and connect's stock handlers, use of a request over HTTP/2. Node's `Http2ServerRequest` is one, too. */
export interface Http2Request
  extends AsyncIterable<Buffer>,
    Pick<Readable, 'on' | 'once' | 'off' | 'pause' | 'resume'> {
  readonly stream: ServerHttp2Stream;
  readonly socket: Socket;
  readonly headers: IncomingHttpHeaders;
  /** Names and values in turn, as they came. */
  readonly rawHeaders: string[];
  readonly httpVersion: string;
  readonly method: string;
  readonly authority: string;
  /** Path and query. */
  url: string;
}

/** The same of a response. Node's `Http2ServerResponse` is one, too. */
export interface Http2Response {
  readonly stream: ServerHttp2Stream;
  statusCode: number;
  readonly headersSent: boolean;
  /** Whether all of it was written to the connection; Node says so of an aborted stream, too. */
  readonly writableFinished: boolean;
  /** `close` comes once, `drain` and `finish` as of a Writable. An error of the stream is told by `close` alone. */
  on(event: string, listener: (value: unknown) => void): unknown;
  once(event: string, listener: (value: unknown) => void): unknown;
  off(event: string, listener: (value: unknown) => void): unknown;
  prependOnceListener(event: string, listener: (value: unknown) => void): unknown;
  setHeader(name: string, value: number | string | readonly string[]): unknown;
  writeHead(statusCode: number, headers?: OutgoingHttpHeaders): unknown;
  addTrailers(trailers: OutgoingHttpHeaders): void;
  write(
    chunk: string | Uint8Array,
    encoding?: BufferEncoding,
    callback?: (error?: Error | null) => void,
  ): boolean;
  end(data?: string | Uint8Array, encoding?: BufferEncoding): unknown;
  destroy(error?: Error): unknown;
}

export type HttpRequest = IncomingMessage | Http2Request;
export type HttpResponse = ServerResponse | Http2Response;

/** Answers one request completely. It never throws and never rejects: failures become answers. */
export type HttpHandler = (request: HttpRequest, response: HttpResponse, record: RequestRecord) => void;

/** A door of the house: the handler for a path (without its query), or undefined when the path is not its own. */
export interface Door {
  match(path: string): HttpHandler | undefined;
}

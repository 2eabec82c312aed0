import type { OutgoingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import type { Http2Response } from '../rpc/http-handler.ts';
import { destroyOnceWritten } from './destroy-once-written.ts';

/** What of a stream is of interest to whoever answers; its other events belong to the request. */
const RESPONSE_EVENTS: ReadonlySet<string> = new Set(['close', 'drain', 'finish']);

/** RFC 9110 §5.6.2. */
const TOKEN = /^[\w!#$%&'*+.^`|~-]+$/;

/** RFC 9110 §5.5: visible characters, spaces, tabs and bytes beyond ASCII. Node would send anything. */
const FORBIDDEN_IN_VALUE = /[^\t\x20-\x7e\x80-\xff]/;

type Listener = (value: unknown) => void;

/**
 * A response over HTTP/2 that writes to its stream itself. An answer that is given whole to `end` takes no frame and no
 * tick more than it needs: Node's own object always waits for trailers, and ends the stream with a frame, and a packet,
 * of their own. A class, because its methods then cost nothing per response.
 */
export class Http2StreamResponse implements Http2Response {
  readonly stream: ServerHttp2Stream;
  statusCode = 200;
  readonly #isHead: boolean;
  readonly #headers: OutgoingHttpHeaders = { ':status': 200 };
  #trailers: OutgoingHttpHeaders | undefined;
  #isEnded = false;

  /** `isHead`: it answers a HEAD. */
  constructor(stream: ServerHttp2Stream, isHead: boolean) {
    this.stream = stream;
    this.#isHead = isHead;
  }

  get headersSent(): boolean {
    return this.stream.headersSent;
  }

  get writableFinished(): boolean {
    return this.stream.writableFinished;
  }

  on(event: string, listener: Listener): this {
    if (RESPONSE_EVENTS.has(event)) this.stream.on(event, listener);
    return this;
  }

  once(event: string, listener: Listener): this {
    if (RESPONSE_EVENTS.has(event)) this.stream.once(event, listener);
    return this;
  }

  prependOnceListener(event: string, listener: Listener): this {
    if (RESPONSE_EVENTS.has(event)) this.stream.prependOnceListener(event, listener);
    return this;
  }

  off(event: string, listener: Listener): this {
    this.stream.off(event, listener);
    return this;
  }

  /** @throws TypeError for a name or a value that no header may have. Error once the headers have gone out. */
  setHeader(name: string, value: number | string | readonly string[]): this {
    if (this.stream.headersSent)
      throw new Error(`too late for the header ${name}: the headers have gone out`);
    setField(this.#headers, name, value);
    return this;
  }

  /** Must come before `end`. @throws TypeError as `setHeader`. */
  addTrailers(trailers: OutgoingHttpHeaders): void {
    this.#trailers ??= {};
    setFields(this.#trailers, trailers);
  }

  /** Sends the headers ahead of a body; `end` alone is cheaper. Does nothing where the caller has left. */
  writeHead(statusCode: number, headers: OutgoingHttpHeaders = {}): this {
    if (this.stream.headersSent) throw new Error('the headers have gone out');
    this.statusCode = statusCode;
    setFields(this.#headers, headers);
    // Trailers may still be added.
    if (!isOver(this.stream)) this.#respond(this.#isBodiless(), true);
    return this;
  }

  /** False asks to wait for `drain`. The callback gets an error where nothing can be written any more. */
  write(
    chunk: string | Uint8Array,
    encoding: BufferEncoding = 'utf8',
    callback: (error?: Error | null) => void = ignore,
  ): boolean {
    const { stream } = this;
    if (this.#isEnded || isOver(stream)) {
      const error = new Error('write after the end of a response');
      process.nextTick(callback, error);
      // Whether the answer was meant to be whole, nobody knows.
      this.destroy(error);
      return false;
    }
    if (!stream.headersSent) this.writeHead(this.statusCode);
    if (!this.#isBodiless()) return stream.write(chunk, encoding, callback);
    process.nextTick(callback);
    return true;
  }

  /** Ends the response, with `data` as the rest of its body. Does nothing where the caller has left. */
  end(data: string | Uint8Array = '', encoding: BufferEncoding = 'utf8'): this {
    const { stream } = this;
    if (this.#isEnded) return this;
    this.#isEnded = true;
    if (isOver(stream)) return this;
    const trailers = this.#trailers;
    const endsWithHeaders = this.#isBodiless() || (data.length === 0 && trailers === undefined);
    if (!stream.headersSent) {
      // With trailers, Node waits by itself.
      if (trailers === undefined) stream.destroy = destroyOnceWritten;
      this.#respond(endsWithHeaders, trailers !== undefined);
      if (endsWithHeaders) return this;
    }
    if (trailers !== undefined) stream.on('wantTrailers', () => stream.sendTrailers(trailers));
    if (endsWithHeaders) stream.end();
    else stream.end(data, encoding);
    return this;
  }

  /** Resets the stream. Without an error, an answer that has begun would look whole. */
  destroy(error?: Error): this {
    this.stream.destroy(error);
    return this;
  }

  #respond(endStream: boolean, waitForTrailers: boolean): void {
    this.#headers[':status'] = this.statusCode;
    this.stream.respond(this.#headers, { endStream, waitForTrailers: waitForTrailers && !endStream });
  }

  /** RFC 9110 §6.4.1; of 205 by §15.3.6. What is written all the same is dropped, as over HTTP/1.1. */
  #isBodiless(): boolean {
    const { statusCode } = this;
    return statusCode === 204 || statusCode === 205 || statusCode === 304 || this.#isHead;
  }
}

function setFields(fields: OutgoingHttpHeaders, more: OutgoingHttpHeaders): void {
  for (const [name, value] of Object.entries(more)) if (value !== undefined) setField(fields, name, value);
}

function setField(
  fields: OutgoingHttpHeaders,
  name: string,
  value: number | string | readonly string[],
): void {
  if (!TOKEN.test(name)) throw new TypeError(`not a name of a header: ${name}`);
  // A list is tested as the text of all its values.
  if (FORBIDDEN_IN_VALUE.test(String(value))) throw new TypeError(`not a value of the header ${name}`);
  fields[name.toLowerCase()] = typeof value === 'object' ? [...value] : value;
}

/** Closed from either side, though its last events may be still to come. */
function isOver({ destroyed, closed }: ServerHttp2Stream): boolean {
  return destroyed || closed;
}

function ignore(): void {}

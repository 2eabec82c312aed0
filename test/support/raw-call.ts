import { once } from 'node:events';
import { type Agent, type IncomingMessage, request as requestHttp1 } from 'node:http';
import type { ClientHttp2Session } from 'node:http2';
import { buffer } from 'node:stream/consumers';
import { setImmediate as nextTurn } from 'node:timers/promises';

/** A request whose body is sent in these pieces, each in a packet of its own as far as that can be had. */
export interface RawCall {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly pieces: readonly Buffer[];
}

/** All that a server answers. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly trailers: Readonly<Record<string, unknown>>;
  readonly body: Buffer;
}

interface Sink {
  readonly writable: boolean;
  write(piece: Buffer): unknown;
  end(): unknown;
}

async function sendPieces(sink: Sink, pieces: readonly Buffer[]): Promise<void> {
  for (const piece of pieces) {
    if (!sink.writable) return;
    sink.write(piece);
    await nextTurn();
  }
  sink.end();
}

export async function callHttp1(url: string, call: RawCall, agent: Agent): Promise<RawAnswer> {
  const { method, path, headers, pieces } = call;
  const request = requestHttp1(url + path, { method, headers, agent });
  const answered = once(request, 'response');
  await sendPieces(request, pieces);
  const [response]: IncomingMessage[] = await answered;
  if (response === undefined) throw new Error('a response event without a response');
  const body = await buffer(response);
  return { status: response.statusCode ?? 0, headers: response.headers, trailers: response.trailers, body };
}

export async function callHttp2(session: ClientHttp2Session, call: RawCall): Promise<RawAnswer> {
  const { method, path, headers, pieces } = call;
  const stream = session.request({ ':method': method, ':path': path, ...headers }, { endStream: false });
  const answered = once(stream, 'response');
  let trailers: Record<string, unknown> = {};
  stream.on('trailers', (received) => {
    trailers = { ...received };
  });
  await sendPieces(stream, pieces);
  const [{ ':status': status, ...head }] = await answered;
  const body = await buffer(stream);
  return { status, headers: head, trailers, body };
}

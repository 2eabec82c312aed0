// Requests that are sent exactly as written, with Node's own clients: no header is added that HTTP does not demand.
import { once } from 'node:events';
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import { type ClientHttp2Session, connect } from 'node:http2';
import { request as httpsRequest } from 'node:https';
import { text } from 'node:stream/consumers';

export interface Sent {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

export interface Answer {
  readonly status: number;
  /** Without HTTP/2's pseudo-headers. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** Sends one request over HTTP/1.1, by default on a connection of its own. An agent knows whom to trust over TLS. */
export async function sendHttp1(url: string, sent: Sent = {}, agent: Agent | false = false): Promise<Answer> {
  const { method = 'GET', headers, body } = sent;
  const send = url.startsWith('https:') ? httpsRequest : httpRequest;
  const request = send(url, { method, headers: { ...headers }, agent });
  request.end(body);
  const [response]: IncomingMessage[] = await once(request, 'response');
  if (response === undefined) throw new Error('a response event without a response');
  return { status: response.statusCode ?? 0, headers: response.headers, body: await text(response) };
}

/** Connections that are kept between requests, until the agent is disposed of. */
export function closingAgent(maxSockets = Number.POSITIVE_INFINITY): Agent & Disposable {
  const agent = new Agent({ keepAlive: true, maxSockets });
  return Object.assign(agent, { [Symbol.dispose]: () => agent.destroy() });
}

/** Sends one request over HTTP/2 on a session that the caller has opened. */
export async function sendHttp2(session: ClientHttp2Session, path: string, sent: Sent = {}): Promise<Answer> {
  const { method = 'GET', headers, body } = sent;
  const endStream = body === undefined;
  const stream = session.request({ ':method': method, ':path': path, ...headers }, { endStream });
  if (!endStream) stream.end(body);
  // A stream that is reset with NO_ERROR ends without an error.
  const closed = once(stream, 'close').then(() => Promise.reject(new Error('closed without an answer')));
  closed.catch(() => {});
  const [head] = await Promise.race([once(stream, 'response'), closed]);
  const received = await text(stream);
  if (stream.rstCode !== 0) throw new Error(`the answer was cut: stream reset ${stream.rstCode}`);
  const { ':status': status, ...answered } = head;
  return { status, headers: answered, body: received };
}

export interface HttpClient {
  readonly version: 'HTTP/1.1' | 'HTTP/2';
  send(path: string, sent?: Sent): Promise<Answer>;
}

export const HTTP_VERSIONS = ['HTTP/1.1', 'HTTP/2'] as const;

/** A client of one service that makes a connection of its own for every request. */
export function createHttpClient(version: HttpClient['version'], baseUrl: string): HttpClient {
  if (version === 'HTTP/1.1') return { version, send: (path, sent) => sendHttp1(baseUrl + path, sent) };
  return {
    version,
    send: async (path, sent) => {
      const session = connect(baseUrl);
      try {
        return await sendHttp2(session, path, sent);
      } finally {
        session.close();
      }
    },
  };
}

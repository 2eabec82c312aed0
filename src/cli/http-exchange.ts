import { printable } from './printable.ts';

/** No answer of the API comes near it; what is longer does not come from presignd. */
const ANSWER_MAX_BYTES = 16 * 1024 * 1024;

/** What a failed connection is called, by the code of its cause. */
const CAUSES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'the host name is not known',
  EAI_AGAIN: 'the host name cannot be looked up',
  EHOSTUNREACH: 'there is no route to the host',
  ENETUNREACH: 'there is no route to the network',
  ECONNRESET: 'the connection was cut',
  EPIPE: 'the connection was cut',
  UND_ERR_SOCKET: 'the connection was cut',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'the connection was cut',
};

/** Before these there was no connection, so nothing can have been changed. */
const UNCONNECTED = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH'];

export interface HttpCall {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Absolute path and query, behind the base URL. */
  readonly path: string;
  readonly body?: string | undefined;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

export interface HttpServer {
  /** Without a slash at its end. */
  readonly baseUrl: string;
  readonly apiKey: string;
  /** For the whole exchange, the answer's body included. */
  readonly timeoutMs: number;
}

/**
 * Sends one call and reads its whole answer. Follows no redirect, which could take the key elsewhere. Rejects with an
 * Error whose message is one line that may be printed.
 */
export async function exchange(server: HttpServer, { method, path, body }: HttpCall): Promise<HttpAnswer> {
  const { baseUrl, apiKey, timeoutMs } = server;
  try {
    const response = await fetch(baseUrl + path, {
      method,
      headers: {
        accept: 'application/json',
        authorization: `Bearer ${apiKey}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body }),
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
    });
    return { status: response.status, headers: response.headers, text: await readText(response) };
  } catch (error) {
    const { what, isConnected } = failureOf(error, timeoutMs);
    const doubt =
      isConnected && method !== 'GET' ? ' The change may have been made: `presignd keys list` shows it.' : '';
    throw new Error(printable(`${baseUrl} cannot be asked: ${what}.${doubt}`), { cause: error });
  }
}

/** Not `response.text()`, which would take whatever comes. */
async function readText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    if (length > ANSWER_MAX_BYTES) throw new Error('its answer does not end');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function failureOf(error: unknown, timeoutMs: number): { what: string; isConnected: boolean } {
  if (!(error instanceof Error)) return { what: String(error), isConnected: true };
  if (error.name === 'TimeoutError')
    return { what: `no answer within ${timeoutMs / 1000} s`, isConnected: true };
  const cause = error.cause instanceof Error ? error.cause : error;
  const code = 'code' in cause ? String(cause.code) : '';
  const isGarbage = cause.name === 'HTTPParserError';
  const what = CAUSES[code] ?? (isGarbage ? 'what it answers is not HTTP' : cause.message);
  return { what, isConnected: !UNCONNECTED.includes(code) };
}

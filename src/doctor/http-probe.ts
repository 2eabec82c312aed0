// Asks over HTTP as a client would, with every header as it is given, and takes whatever comes as an answer.
import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { type NetworkFailure, networkFailure } from './network-failure.ts';

/** Enough for the errors of S3, and for what is uploaded to be compared. */
const BODY_MAX_BYTES = 65_536;

export interface HttpQuestion {
  readonly method: string;
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

export interface HttpAnswer {
  readonly status: number;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  /** The first 64 KiB, as Latin-1. */
  readonly body: string;
  /** When the head of the answer came, in wall-clock milliseconds. */
  readonly atMs: number;
  readonly latencyMs: number;
}

export type HttpOutcome = { readonly answer: HttpAnswer } | { readonly failure: NetworkFailure };

/** Never rejects. Redirects are not followed. */
export type HttpProbe = (question: HttpQuestion) => Promise<HttpOutcome>;

export interface ProbeClock {
  wallMs(): number;
  monotonicMs(): number;
}

/** @param timeoutMs For a whole answer, with names, connection and TLS. */
export function createHttpProbe(timeoutMs: number, clock: ProbeClock): HttpProbe {
  return async (question) => {
    const askedAtMs = clock.monotonicMs();
    const signal = AbortSignal.timeout(timeoutMs);
    try {
      const response = await send(question, signal);
      const [atMs, latencyMs] = [clock.wallMs(), clock.monotonicMs() - askedAtMs];
      const body = await readBody(response);
      return {
        answer: { status: response.statusCode ?? 0, headers: headersOf(response), body, atMs, latencyMs },
      };
    } catch (error) {
      return { failure: networkFailure(signal.aborted ? signal.reason : error) };
    }
  };
}

function send({ method, url, headers, body }: HttpQuestion, signal: AbortSignal): Promise<IncomingMessage> {
  const request = url.startsWith('https:') ? requestHttps : requestHttp;
  const length = body === undefined ? {} : { 'content-length': String(body.length) };
  return new Promise((resolve, reject) => {
    // A connection of its own, so that none is left behind, and none that is dead is used.
    const sent = request(url, { method, headers: { ...headers, ...length }, agent: false, signal }, resolve);
    sent.on('error', reject);
    sent.end(body);
  });
}

async function readBody(response: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  let sizeBytes = 0;
  for await (const piece of response) {
    pieces.push(piece);
    sizeBytes += piece.length;
    if (sizeBytes >= BODY_MAX_BYTES) break;
  }
  return Buffer.concat(pieces).toString('latin1', 0, BODY_MAX_BYTES);
}

function headersOf({ headers }: IncomingMessage): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}

import type { HttpRequest, HttpResponse } from '../rpc/http-handler.ts';
import { setHeaders } from '../rpc/set-headers.ts';

/** Sends a whole JSON answer, which nothing on the way may keep. */
export function sendJson(
  request: HttpRequest,
  response: HttpResponse,
  status: number,
  text: string,
  headers?: Iterable<readonly [string, string]>,
): void {
  response.statusCode = status;
  response.setHeader('content-type', 'application/json; charset=utf-8');
  const bytes = Buffer.byteLength(text);
  response.setHeader('content-length', bytes);
  // Answers hold signed URLs or say who may do what: neither is for a cache.
  response.setHeader('cache-control', 'no-store');
  setHeaders(response, headers);
  if (request.method === 'HEAD') response.end();
  // Pure ASCII is the same in both encodings, and Node joins it with the head and writes it faster as Latin-1.
  else response.end(text, bytes === text.length ? 'latin1' : 'utf8');
}

import type { HttpResponse } from './http-handler.ts';

/** Sets headers that a call has gathered, if any, each with `prefix` before its name. */
export function setHeaders(
  response: HttpResponse,
  headers: Iterable<readonly [string, string]> | undefined,
  prefix = '',
): void {
  if (headers === undefined) return;
  for (const [name, value] of headers) response.setHeader(prefix + name, value);
}

/** Far beyond any path and query that exists here; no URL that people use is longer (RFC 9110 §4.1 asks for 8000). */
export const MAX_TARGET_LENGTH = 8_192;

export interface RequestTarget {
  /** Where the client wants to go, when the target is a whole URL. It takes the place of the Host header. */
  readonly authority?: string;
  /** Path and query. */
  readonly originForm: string;
}

/** RFC 9112 §3.2.2: a server must also understand `GET http://host/path`, the form meant for proxies. */
export function requestTargetFrom(target: string): RequestTarget {
  const schemeEnd = target.indexOf('://');
  const scheme = target.slice(0, Math.max(schemeEnd, 0)).toLowerCase();
  if (scheme !== 'http' && scheme !== 'https') return { originForm: target };
  const start = schemeEnd + 3;
  const end = start + authorityLength(target.slice(start));
  const rest = target.slice(end);
  return { authority: target.slice(start, end), originForm: rest.startsWith('/') ? rest : `/${rest}` };
}

function authorityLength(text: string): number {
  const end = text.search(/[/?#]/);
  return end === -1 ? text.length : end;
}

/** The target without its query. */
export function pathOf(originForm: string): string {
  const queryAt = originForm.indexOf('?');
  return queryAt === -1 ? originForm : originForm.slice(0, queryAt);
}

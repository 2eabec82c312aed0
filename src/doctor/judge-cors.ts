// Judges what a browser is allowed, as the Fetch standard has browsers judge it. Pure.
import { type Finding, ok, problem, warning } from './finding.ts';
import type { HttpAnswer, HttpOutcome } from './http-probe.ts';

/** What was asked on behalf of pages of one origin. */
export interface CorsObservation {
  readonly origin: string;
  /** Preflights for an upload with nothing but a content type, by method. */
  readonly methods: ReadonlyMap<string, HttpOutcome>;
  /** Preflights of a PUT with one header each, by header; one alone, for all of them, where it was granted. */
  readonly headers: ReadonlyMap<string, HttpOutcome>;
  /** An actual PUT, which S3 may have refused. */
  readonly put: HttpOutcome;
}

/** Methods that a preflight grants without naming them. */
const SAFE_METHODS = ['GET', 'HEAD', 'POST'];

export function isGranted(outcome: HttpOutcome, origin: string, method: string, header: string): boolean {
  if (!('answer' in outcome)) return false;
  const { answer } = outcome;
  if (answer.status < 200 || answer.status > 299 || !isForOrigin(answer, origin)) return false;
  const methods = listOf(answer, 'access-control-allow-methods').map((name) => name.toUpperCase());
  if (!SAFE_METHODS.includes(method) && !methods.includes(method) && !methods.includes('*')) return false;
  const headers = listOf(answer, 'access-control-allow-headers');
  return header
    .toLowerCase()
    .split(',')
    .every((name) => headers.includes(name) || headers.includes('*'));
}

/** @param fix What mends the CORS of the bucket. */
export function judgeCors(observation: CorsObservation, fix: string): readonly Finding[] {
  const { origin, methods, headers, put } = observation;
  const refused = [...methods].filter(
    ([method, outcome]) => !isGranted(outcome, origin, method, 'content-type'),
  );
  const refusedPut = refused.find(([method]) => method === 'PUT');
  if (refusedPut !== undefined)
    return [problem('cors-origin', `a page of ${origin} may not PUT: ${preflightText(refusedPut[1])}`, fix)];
  const lacking = refused.map(([method]) => method);
  const lackingHeaders = [...headers]
    .filter(([header, outcome]) => !isGranted(outcome, origin, 'PUT', header))
    .flatMap(([header]) => header.split(','));
  return [
    ok('cors-origin', `a page of ${origin} may PUT`),
    lacking.length === 0
      ? ok('cors-methods', `${origin}: ${[...methods.keys()].join(', ')}`)
      : warning('cors-methods', `a page of ${origin} may not ${lacking.join(' nor ')}`, fix),
    lackingHeaders.length === 0
      ? ok('cors-headers', `${origin}: all that plans can have clients send`)
      : warning('cors-headers', `a page of ${origin} may not send ${lackingHeaders.join(', ')}`, fix),
    judgeEtag(origin, put, fix),
  ];
}

function judgeEtag(origin: string, put: HttpOutcome, fix: string): Finding {
  if (!('answer' in put))
    return warning('cors-etag', `a PUT from ${origin} failed: ${put.failure.text}`, fix);
  const { answer } = put;
  if (!isForOrigin(answer, origin))
    return warning(
      'cors-etag',
      `the answer to a PUT does not let ${origin} see it, though the preflight did`,
      fix,
    );
  const exposed = listOf(answer, 'access-control-expose-headers');
  return exposed.includes('etag') || exposed.includes('*')
    ? ok('cors-etag', `${origin} may read it`)
    : warning('cors-etag', `a page of ${origin} cannot read the ETag of what it has uploaded`, fix);
}

function isForOrigin({ headers }: HttpAnswer, origin: string): boolean {
  const allowed = headers['access-control-allow-origin'];
  return allowed === '*' || allowed === origin;
}

function listOf({ headers }: HttpAnswer, name: string): string[] {
  return (headers[name] ?? '').split(',').map((item) => item.trim().toLowerCase());
}

function preflightText(outcome: HttpOutcome): string {
  if (!('answer' in outcome)) return `its preflight failed, ${outcome.failure.text}`;
  const { status, headers } = outcome.answer;
  const allowed = headers['access-control-allow-origin'];
  if (allowed === undefined)
    return `its preflight is answered ${status}, without Access-Control-Allow-Origin`;
  return `its preflight is answered ${status}, for the origin ${allowed} and the methods ${headers['access-control-allow-methods'] ?? 'none'}`;
}

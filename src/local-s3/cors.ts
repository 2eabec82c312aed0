// CORS as S3 does it: https://docs.aws.amazon.com/AmazonS3/latest/userguide/ManageCorsUsing.html
import type { IncomingHttpHeaders } from 'node:http';
import { S3Error } from './s3-error.ts';

export interface CorsRule {
  /** Exact origins, or patterns with one `*`. */
  readonly origins: readonly string[];
  readonly methods: readonly string[];
  /** Request headers, or patterns with one `*`, compared without regard to case. Without it, every header. */
  readonly allowedHeaders?: readonly string[];
  /** Response headers that scripts may read. Without it, ETag, which every multipart upload needs. */
  readonly exposeHeaders?: readonly string[];
  /** How long browsers may keep the answer to a preflight. */
  readonly maxAgeSeconds?: number;
}

const DEFAULTS = { allowedHeaders: ['*'], exposeHeaders: ['ETag'], maxAgeSeconds: 300 } as const;

const VARY = 'Origin, Access-Control-Request-Headers, Access-Control-Request-Method';

/** The headers of an actual request's answer, also where the answer is an error; none when no rule matches. */
export function corsHeaders(
  rules: readonly CorsRule[],
  headers: IncomingHttpHeaders,
  method: string,
): Record<string, string> {
  const { origin } = headers;
  const rule = origin && rules.find((candidate) => allows(candidate, origin, method));
  if (!rule) return {};
  return {
    ...originHeaders(rule, origin),
    'access-control-expose-headers': (rule.exposeHeaders ?? DEFAULTS.exposeHeaders).join(', '),
  };
}

/** The headers that answer a preflight. @throws S3Error AccessForbidden when no rule allows what it asks for. */
export function preflightHeaders(
  rules: readonly CorsRule[],
  headers: IncomingHttpHeaders,
): Record<string, string> {
  const { origin, 'access-control-request-method': method } = headers;
  if (!origin || !method) {
    throw new S3Error('InvalidRequest', 'A preflight needs Origin and Access-Control-Request-Method.');
  }
  const wanted = (headers['access-control-request-headers'] ?? '')
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '');
  const rule = rules.find((candidate) => {
    const patterns = candidate.allowedHeaders ?? DEFAULTS.allowedHeaders;
    return (
      allows(candidate, origin, method) &&
      wanted.every((name) => patterns.some((pattern) => matches(pattern.toLowerCase(), name)))
    );
  });
  if (rule === undefined) throw new S3Error('AccessForbidden');
  return {
    ...originHeaders(rule, origin),
    'access-control-allow-methods': rule.methods.join(', '),
    ...(wanted.length > 0 && { 'access-control-allow-headers': wanted.join(', ') }),
    'access-control-max-age': String(rule.maxAgeSeconds ?? DEFAULTS.maxAgeSeconds),
  };
}

function originHeaders(rule: CorsRule, origin: string): Record<string, string> {
  const isForAll = rule.origins.includes('*');
  return {
    'access-control-allow-origin': isForAll ? '*' : origin,
    ...(!isForAll && { 'access-control-allow-credentials': 'true' }),
    vary: VARY,
  };
}

function allows(rule: CorsRule, origin: string, method: string): boolean {
  return rule.methods.includes(method) && rule.origins.some((pattern) => matches(pattern, origin));
}

function matches(pattern: string, text: string): boolean {
  const star = pattern.indexOf('*');
  if (star < 0) return pattern === text;
  const [head, tail] = [pattern.slice(0, star), pattern.slice(star + 1)];
  return text.length >= head.length + tail.length && text.startsWith(head) && text.endsWith(tail);
}

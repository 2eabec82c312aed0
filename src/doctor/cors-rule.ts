// The CORS rule that browsers need, from the table of headers that are signed. Pure.
import { PUT_HEADERS } from '../s3/put-input.ts';
import { CHECKSUMS } from '../uploads/checksum-headers.ts';
import type { ProviderCapabilities } from '../uploads/providers.ts';

/** As S3's CORS configuration has it. */
export interface CorsRule {
  readonly ID?: string | undefined;
  readonly AllowedOrigins: readonly string[];
  readonly AllowedMethods: readonly string[];
  readonly AllowedHeaders: readonly string[];
  readonly ExposeHeaders: readonly string[];
  readonly MaxAgeSeconds: number;
}

export const CORS_FORMS = ['aws', 'r2', 'minio'] as const;
export type CorsForm = (typeof CORS_FORMS)[number];

const MAX_AGE_SECONDS = 3_600;
const METADATA = 'x-amz-meta-*';

/** The methods that browsers use: parts and single uploads, downloads, and forms where the provider takes them. */
export function browserMethods({ forms }: ProviderCapabilities): readonly string[] {
  return forms ? ['PUT', 'GET', 'POST'] : ['PUT', 'GET'];
}

/** The headers that plans for the provider can have a browser send; `x-amz-meta-*` stands for any of that prefix. */
export function browserHeaders(provider: ProviderCapabilities, acls: readonly string[]): readonly string[] {
  const lacking = new Set<string>([
    ...Object.entries(CHECKSUMS)
      .filter(([name]) => name !== 'md5' && !provider.checksums.some((kept) => kept === name))
      .map(([, { header }]) => header),
    ...(provider.tags ? [] : ['x-amz-tagging']),
    ...(provider.acl && acls.length > 0 ? [] : ['x-amz-acl']),
    ...(provider.sseS3 || provider.sseKms ? [] : ['x-amz-server-side-encryption']),
    ...(provider.sseKms ? [] : ['x-amz-server-side-encryption-aws-kms-key-id']),
    // What makes an upload one-shot differs between providers.
    'if-none-match',
  ]);
  const oneShot = provider.oneShotPut === null ? [] : [provider.oneShotPut.header];
  return [...PUT_HEADERS.filter((header) => !lacking.has(header)), ...oneShot, METADATA].sort();
}

export function corsRule(
  origins: readonly string[],
  provider: ProviderCapabilities,
  acls: readonly string[],
): CorsRule {
  return {
    AllowedOrigins: origins,
    AllowedMethods: browserMethods(provider),
    AllowedHeaders: browserHeaders(provider, acls),
    ExposeHeaders: ['ETag'],
    MaxAgeSeconds: MAX_AGE_SECONDS,
  };
}

/** What is taken of a rule that there is. */
export interface PresentCorsRule {
  readonly AllowedOrigins?: readonly string[] | undefined;
  readonly AllowedMethods?: readonly string[] | undefined;
  readonly AllowedHeaders?: readonly string[] | undefined;
  readonly ExposeHeaders?: readonly string[] | undefined;
}

/**
 * The rules with ours in front, since of those that allow a request S3 goes by the first. What the others let pages of
 * the same origins read, ours lets them read, too.
 */
export function withCorsRule<Rule extends PresentCorsRule>(
  present: readonly Rule[],
  rule: CorsRule,
): readonly [CorsRule, ...Rule[]] {
  const behind = present.filter((other) =>
    rule.AllowedOrigins.some(
      (origin) => origin === '*' || other.AllowedOrigins?.some((pattern) => matches(pattern, origin)),
    ),
  );
  const exposed = [...rule.ExposeHeaders, ...behind.flatMap((other) => other.ExposeHeaders ?? [])];
  return [{ ...rule, ExposeHeaders: [...new Set(exposed)] }, ...present];
}

/** Whether one of the rules that there are grants all that ours does. */
export function hasCorsRule(present: readonly PresentCorsRule[], rule: CorsRule): boolean {
  const holds = (kept: readonly string[] | undefined, wanted: readonly string[]) =>
    wanted.every((item) => kept?.some((pattern) => matches(pattern.toLowerCase(), item.toLowerCase())));
  return present.some(
    (other) =>
      holds(other.AllowedOrigins, rule.AllowedOrigins) &&
      holds(other.AllowedMethods, rule.AllowedMethods) &&
      holds(other.AllowedHeaders, rule.AllowedHeaders) &&
      holds(other.ExposeHeaders, rule.ExposeHeaders),
  );
}

/** A pattern has one `*` at the most, which stands for anything. */
function matches(pattern: string, origin: string): boolean {
  const [head = '', tail] = pattern.split('*');
  if (tail === undefined) return pattern === origin;
  return origin.startsWith(head) && origin.endsWith(tail) && origin.length >= head.length + tail.length;
}

/** The rule in the form that the server's own tools take. */
export function corsText(rule: CorsRule, form: CorsForm): string {
  if (form === 'minio') return `MINIO_API_CORS_ALLOW_ORIGIN=${rule.AllowedOrigins.join(',')}`;
  if (form === 'aws') return JSON.stringify({ CORSRules: [rule] }, null, 2);
  const { AllowedOrigins: origins, AllowedMethods: methods, AllowedHeaders: headers } = rule;
  const { ExposeHeaders: exposeHeaders, MaxAgeSeconds: maxAgeSeconds } = rule;
  return JSON.stringify(
    { rules: [{ allowed: { origins, methods, headers }, exposeHeaders, maxAgeSeconds }] },
    null,
    2,
  );
}

export function corsFormOf({ provider }: Pick<ProviderCapabilities, 'provider'>): CorsForm {
  return provider === 'minio' || provider === 'r2' ? provider : 'aws';
}

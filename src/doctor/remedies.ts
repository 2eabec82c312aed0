// Commands that mend a bucket, as they are pasted. Pure.
import type { DestinationSettings } from '../config/destinations.ts';
import {
  type CorsRule,
  corsFormOf,
  corsText,
  hasCorsRule,
  type PresentCorsRule,
  withCorsRule,
} from './cors-rule.ts';

/** A rule of a bucket's lifecycle, as far as it is judged. */
export interface LifecycleRule {
  readonly ID?: string | undefined;
  readonly Status?: string | undefined;
  readonly Prefix?: string | undefined;
  readonly Filter?: { readonly Prefix?: string | undefined } | undefined;
  readonly AbortIncompleteMultipartUpload?: { readonly DaysAfterInitiation?: number | undefined } | undefined;
}

const ABORT_RULE_ID = 'abort-unended-uploads';

/** Ends uploads so many days after they were begun. */
export function abortRule(days: number, id: string = ABORT_RULE_ID) {
  return {
    ID: id,
    Status: 'Enabled' as const,
    Filter: { Prefix: '' },
    AbortIncompleteMultipartUpload: { DaysAfterInitiation: days },
  };
}

/** The rules, and behind them one that ends uploads so many days after they were begun. */
export function withAbortRule<Rule extends LifecycleRule>(present: readonly Rule[], days: number) {
  // S3 takes each name once.
  const isTaken = present.some(({ ID }) => ID === ABORT_RULE_ID);
  return [...present, abortRule(days, isTaken ? `${ABORT_RULE_ID}-${present.length + 1}` : undefined)];
}

/** @param present The rules that there are; undefined where that is not known. The command replaces them all. */
export function corsRemedy(
  spec: DestinationSettings,
  rule: CorsRule,
  present: readonly PresentCorsRule[] | undefined,
): string {
  const form = corsFormOf(spec);
  if (form === 'minio')
    return `${corsText(rule, form)} in the environment of MinIO, or: mc admin config set ALIAS api cors_allow_origin=${rule.AllowedOrigins.join(',')}. MinIO then allows all headers and exposes the ETag: a proxy in front must pass on what begins with Access-Control-.`;
  if (present !== undefined && hasCorsRule(present, rule))
    return 'The bucket has such a rule: have what stands in front of S3 pass on OPTIONS, and the headers that begin with Access-Control-.';
  if (form === 'r2')
    return `npx wrangler r2 bucket cors set ${spec.bucket} --file cors.json, with this cors.json${replaces(present)}: ${corsText(rule, form)}`;
  return replacing(
    spec,
    'put-bucket-cors',
    'cors-configuration',
    { CORSRules: withCorsRule(present ?? [], rule) },
    present,
  );
}

/** As `corsRemedy`. */
export function lifecycleRemedy(
  spec: DestinationSettings,
  days: number,
  present: readonly LifecycleRule[] | undefined,
): string {
  const rules = { Rules: withAbortRule(present ?? [], days) };
  return replacing(spec, 'put-bucket-lifecycle-configuration', 'lifecycle-configuration', rules, present);
}

/** `aws s3api …` for the bucket, at its endpoint. */
export function awsCommand({ bucket, endpoint }: DestinationSettings, call: string): string {
  const where = endpoint === undefined ? '' : ` --endpoint-url ${endpoint}`;
  return `aws s3api ${call} --bucket ${bucket}${where}`;
}

function replacing(
  spec: DestinationSettings,
  call: string,
  option: string,
  value: unknown,
  present: readonly unknown[] | undefined,
): string {
  return `${awsCommand(spec, call)} --${option} '${JSON.stringify(value)}'${replaces(present)}`;
}

function replaces(present: readonly unknown[] | undefined): string {
  return present === undefined ? '   # replaces the rules that are there: put them in, too' : '';
}

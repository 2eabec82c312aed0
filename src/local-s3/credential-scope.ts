import { S3Error, type S3ErrorCode } from './s3-error.ts';
import type { SigningScope } from './sigv4.ts';

/** Whom this endpoint believes, and where it claims to be. */
export interface Trust {
  /** Secret access keys by access key id. */
  readonly credentials: ReadonlyMap<string, string>;
  readonly region: string;
}

export interface ScopedCredential extends SigningScope {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** How far a client's clock may be from ours, either way. */
export const MAX_CLOCK_SKEW_MS = 15 * 60_000;

const SCOPE = /^(.+)\/(\d{8})\/([^/]*)\/([^/]*)\/([^/]*)$/;

/**
 * Reads `<access key id>/<yyyymmdd>/<region>/s3/aws4_request` and finds its secret.
 * @param malformed The code for a scope that is wrong; it depends on where the scope was given.
 * @throws S3Error of that code, or InvalidAccessKeyId.
 */
export function resolveCredential(
  scope: string,
  amzDate: string,
  trust: Trust,
  malformed: S3ErrorCode,
): ScopedCredential {
  const [, accessKeyId, date, region, service, terminal] = SCOPE.exec(scope) ?? [];
  if (accessKeyId === undefined || date === undefined || region === undefined) {
    throw new S3Error(malformed, 'The credential is not <access-key-id>/<date>/<region>/s3/aws4_request.');
  }
  if (service !== 's3') throw new S3Error(malformed, `The credential is for service "${service}", not "s3".`);
  if (terminal !== 'aws4_request') {
    throw new S3Error(malformed, `The credential ends in "${terminal}", not "aws4_request".`);
  }
  if (region !== trust.region) {
    throw new S3Error(malformed, `The region "${region}" is wrong; expecting "${trust.region}".`, {
      Region: trust.region,
    });
  }
  if (date !== amzDate.slice(0, 8)) {
    throw new S3Error(malformed, `The credential's date "${date}" is not the day of "${amzDate}".`);
  }
  const secretAccessKey = trust.credentials.get(accessKeyId);
  if (secretAccessKey === undefined) {
    throw new S3Error('InvalidAccessKeyId', undefined, { AWSAccessKeyId: accessKeyId });
  }
  return { accessKeyId, secretAccessKey, date, region };
}

/** Epoch milliseconds of ISO 8601's basic format, `yyyymmddThhmmssZ`; undefined for anything else. */
export function amzDateMs(text: string): number | undefined {
  const extended = text.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6.000Z');
  if (extended === text) return undefined;
  const ms = Date.parse(extended);
  // Date.parse rolls 30 February over to March; a date that does not print as it was read is none.
  return Number.isNaN(ms) || new Date(ms).toISOString() !== extended ? undefined : ms;
}

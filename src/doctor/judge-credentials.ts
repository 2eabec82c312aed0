// Judges the credentials that sign. Pure.
import type { DestinationSettings } from '../config/destinations.ts';
import { type Finding, ok, problem, warning } from './finding.ts';

/** Credentials, with nothing secret of them. */
export interface KnownCredentials {
  readonly accessKeyId: string;
  /** Where they come from, as the AWS SDK calls it; undefined where it does not say. */
  readonly source: string | undefined;
  /** Wall-clock milliseconds; null for credentials that do not expire. */
  readonly expiresAtMs: number | null;
  /** What STS says whose they are; undefined where there is no STS, or it does not answer. */
  readonly identity: string | undefined;
}

/** @param refusedWith S3's code where it does not take what they sign. */
export function judgeCredentials(
  { name, credentials }: DestinationSettings,
  known: KnownCredentials | { readonly failure: string },
  refusedWith: string | undefined,
): Finding {
  if ('failure' in known)
    return problem(
      'credentials',
      known.failure,
      credentials.source === 'default'
        ? 'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give the machine a role.'
        : `Check PRESIGND_DESTINATIONS.${name}.credentials.`,
    );
  const source = known.source ?? credentials.source;
  const whose = `${masked(known.accessKeyId)} from ${source}${known.identity === undefined ? '' : `, ${known.identity}`}`;
  if (refusedWith === undefined) return ok('credentials', whose);
  const fixes: Readonly<Record<string, string>> = {
    ExpiredToken: 'They have expired: renew them, or let a role do it.',
    InvalidToken: 'Set AWS_SESSION_TOKEN to the token that came with these keys, or unset it.',
    SignatureDoesNotMatch:
      'The secret key does not belong to this access key, or something between here and S3 rewrites the Host header.',
  };
  return problem(
    'credentials',
    `S3 does not take ${whose}: ${refusedWith}`,
    fixes[refusedWith] ??
      'Make an access key for this S3, and set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.',
  );
}

export function judgeCredentialsLife(
  { urlTtlMs, urlMaxTtlMs }: DestinationSettings,
  { expiresAtMs }: KnownCredentials,
  nowMs: number,
): Finding {
  if (expiresAtMs === null) return ok('credentials-life', 'they do not expire');
  const leftMinutes = Math.round((expiresAtMs - nowMs) / 60_000);
  const longestMinutes = Math.round(Math.max(urlTtlMs, urlMaxTtlMs ?? 0) / 60_000);
  const seen = `they expire in ${leftMinutes} minutes (${new Date(expiresAtMs).toISOString()})`;
  return leftMinutes >= longestMinutes
    ? ok('credentials-life', seen)
    : warning(
        'credentials-life',
        `${seen}, and URLs can be asked for that live for ${longestMinutes} minutes`,
        'PRESIGND_URL_TTL=15m and PRESIGND_URL_MAX_TTL no longer than a session lasts, or a role with longer sessions',
      );
}

/** Access keys are no secrets, and who reads a report needs to tell them apart only. */
function masked(accessKeyId: string): string {
  return accessKeyId.length > 8 ? `${accessKeyId.slice(0, 4)}…${accessKeyId.slice(-4)}` : accessKeyId;
}

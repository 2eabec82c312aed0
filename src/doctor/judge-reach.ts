// Judges whether S3 can be reached, and whether it is what the settings say. Pure.
import type { DestinationSettings } from '../config/destinations.ts';
import { PROVIDER_CAPABILITIES } from '../uploads/providers.ts';
import { type Finding, ok, problem, skipped, warning } from './finding.ts';
import type { HttpAnswer, HttpOutcome } from './http-probe.ts';
import { clockAheadMs, isFromS3, providerOf } from './s3-answer.ts';
import { settingLine, settingName } from './setting-names.ts';

/** S3 refuses what was signed more than this away from its own time. */
const CLOCK_REFUSED_MS = 15 * 60_000;
/** An answer tells whole seconds, and was under way for some; below this nobody notices. */
const CLOCK_WARNING_MS = 60_000;

export function judgeEndpoint(
  id: 'endpoint' | 'public-endpoint',
  { name }: DestinationSettings,
  origin: string,
  outcome: HttpOutcome,
): Finding {
  if ('answer' in outcome) return ok(id, `${origin} answers in ${Math.round(outcome.answer.latencyMs)} ms`);
  const setting = settingName(name, id === 'endpoint' ? 'endpoint' : 'publicEndpoint');
  const { kind, text } = outcome.failure;
  const fixes = {
    name: `Check the host in ${setting} and the DNS here. A server without host names for buckets needs: ${settingLine(name, 'forcePathStyle', true)}`,
    refused: `Check host and port in ${setting}, and that the server runs.`,
    silent: `Check ${setting}, and that no firewall between here and there drops packets.`,
    tls: `Check the scheme in ${setting}. For an authority of your own, set NODE_EXTRA_CA_CERTS to its certificate.`,
    'no-http': `Check the port in ${setting}: it is that of another protocol.`,
    cut: `Check ${setting}, and what stands in front of the server.`,
  } as const;
  return problem(id, `${origin} cannot be reached: ${text}`, fixes[kind]);
}

export function judgeServer(
  { name, bucket }: DestinationSettings,
  origin: string,
  answer: HttpAnswer,
): Finding {
  if (isFromS3(answer)) return ok('s3-server', `${origin} speaks S3`);
  const server = answer.headers['server'];
  return problem(
    's3-server',
    `${origin} is not S3: asked for the bucket ${bucket}, it answers ${answer.status}${server === undefined ? '' : `, and calls itself "${server}"`}`,
    `Set ${settingName(name, 'endpoint')} to the address of the S3 API, which is not that of a console, website or CDN.`,
  );
}

export function judgeClock(answer: HttpAnswer): Finding {
  const aheadMs = clockAheadMs(answer);
  if (aheadMs === undefined) return skipped('clock', 'the answer of S3 bears no date');
  const offMs = Math.abs(aheadMs);
  if (offMs < CLOCK_WARNING_MS) return ok('clock', `${Math.round(offMs / 1000)} s off`);
  const seen = `the clock of this machine is ${timeText(offMs)} ${aheadMs > 0 ? 'behind' : 'ahead of'} that of S3`;
  const fix = 'timedatectl set-ntp true';
  return offMs >= CLOCK_REFUSED_MS ? problem('clock', seen, fix) : warning('clock', seen, fix);
}

/** @param told The bucket's region as S3 tells it; undefined where it does not. */
export function judgeRegion(
  { name }: DestinationSettings,
  region: string,
  told: string | undefined,
): Finding {
  if (told === undefined) return ok('region', `${region}; S3 does not tell the bucket's own`);
  if (told === region) return ok('region', region);
  return problem(
    'region',
    `URLs are signed for ${region}, and the bucket is in ${told}`,
    settingLine(name, 'region', told),
  );
}

export function judgeProvider({ name, provider }: DestinationSettings, answer: HttpAnswer): Finding {
  const seen = providerOf(answer);
  const { title } = PROVIDER_CAPABILITIES[provider];
  if (seen === undefined || seen === provider) return ok('provider', title);
  return warning(
    'provider',
    `the settings say ${title}, and ${PROVIDER_CAPABILITIES[seen].title} answers`,
    settingLine(name, 'provider', seen),
  );
}

/** @param origins Those of the pages that upload. */
export function judgeTransport(
  { name }: DestinationSettings,
  publicOrigin: string,
  origins: readonly string[],
): Finding {
  const { protocol, hostname } = new URL(publicOrigin);
  if (protocol === 'https:') return ok('transport', 'https');
  if (isLoopback(hostname)) return ok('transport', 'http, on this machine only');
  const blocked = origins.filter((origin) => origin.startsWith('https:'));
  const fix = `Put TLS in front of S3, then: ${settingLine(name, 'publicEndpoint', `https://${hostname}`)}`;
  const seen = `clients upload to ${publicOrigin}, in clear`;
  return blocked.length === 0
    ? warning('transport', seen, fix)
    : problem('transport', `${seen}, which browsers do not let pages of ${blocked.join(', ')} do`, fix);
}

/** Browsers trust it as they trust https. */
export function isLoopback(hostname: string): boolean {
  return (
    hostname === 'localhost' || hostname.endsWith('.localhost') || /^(?:127\.|\[?::1\]?$)/.test(hostname)
  );
}

function timeText(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} minutes`;
}

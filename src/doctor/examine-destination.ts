// Examines one destination: asks from the outside in, and goes no further than what was found allows.
import type { DestinationSettings } from '../config/destinations.ts';
import type { CheckId } from './checks.ts';
import { DESTINATION_CHECKS } from './destination-checks.ts';
import { examineAsClient } from './examine-as-client.ts';
import { judgeReach, reach } from './examine-reach.ts';
import { completed, type Finding, ok, problem } from './finding.ts';
import type { HttpAnswer, HttpProbe } from './http-probe.ts';
import { judgeEncryption } from './judge-access.ts';
import { isRefusedKey, judgeBucket, judgeLifecycle } from './judge-bucket.ts';
import { judgeCredentials, judgeCredentialsLife } from './judge-credentials.ts';
import { judgeRegion } from './judge-reach.ts';
import { type BucketAccess, type BucketPlace, locateBucket, openBucket } from './open-bucket.ts';
import { listBucket, probeBucket } from './probe-bucket.ts';
import type { CertificateProbe } from './probe-certificate.ts';
import { providerOf, regionOf } from './s3-answer.ts';

export interface Examination {
  /** Those of the pages that upload; `*` for any. */
  readonly origins: readonly string[];
  readonly uploadTtlMs: number;
  /** Try uploads, and delete them again. */
  readonly write: boolean;
  readonly probe: HttpProbe;
  readonly probeCertificate: CertificateProbe;
  readonly wallClockMs: () => number;
  /** Unique, for the names of objects. */
  readonly id: string;
}

/** Without these, there is no S3 to ask anything. */
const BLOCKING: readonly CheckId[] = ['endpoint', 's3-server', 'region'];

/** Never rejects. Every check is among the findings. */
export async function examineDestination(
  spec: DestinationSettings,
  examination: Examination,
): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  try {
    const because = await examineInto(findings, spec, examination);
    return completed(DESTINATION_CHECKS, findings, because);
  } catch (error) {
    // Whatever is asked answers or is given up: all that can fail is signing.
    const why = error instanceof Error ? error.message : String(error);
    const others = findings.filter(({ id }) => id !== 'credentials');
    const failed = problem('credentials', `nothing can be signed: ${why}`, 'Renew the credentials.');
    return completed(DESTINATION_CHECKS, [...others, failed], skipReason('credentials'));
  }
}

/** Answers why the checks that are not among the findings were skipped. */
async function examineInto(
  findings: Finding[],
  spec: DestinationSettings,
  examination: Examination,
): Promise<string> {
  const place = await locateBucket(spec).catch((error: Error) => error);
  if (place instanceof Error) {
    findings.push(problem('address', place.message, 'PRESIGND_REGION=the region of the bucket'));
    return skipReason('address');
  }
  findings.push(ok('address', `${place.publicAddress.origin}${place.publicAddress.basePath}`));
  const opening = openBucket(place, examination.wallClockMs).catch((error: Error) => error);
  const reached = await reach(place, examination);
  const access = await opening;
  using closing = new DisposableStack();
  if (!(access instanceof Error)) closing.use(access);
  findings.push(...judgeReach(place, reached, examination));

  const { server } = reached;
  const problems = findings.filter(({ level }) => level === 'problem').map(({ id }) => id);
  const blocking = problems.find((id) => BLOCKING.includes(id));
  if (access instanceof Error) findings.push(judgeCredentials(spec, { failure: access.message }, undefined));
  if (blocking !== undefined || access instanceof Error || !('answer' in server)) {
    if (!(access instanceof Error)) findings.push(...knownOnly(spec, access, examination));
    return skipReason(blocking ?? 'credentials');
  }
  const stopped = await examineBucket(findings, place, access, server.answer);
  if (!findings.some(({ id }) => id === 'credentials-life'))
    findings.push(judgeCredentialsLife(spec, access.known, examination.wallClockMs()));
  if (stopped !== undefined) return skipReason(stopped);
  const observed = await probeBucket(access.storage, spec.bucket);
  const byItself = providerOf(server.answer) ?? spec.provider;
  findings.push(
    judgeLifecycle(spec, observed.lifecycle, examination.uploadTtlMs, byItself),
    judgeEncryption(spec, observed.encryption),
  );
  if (problems.includes('public-endpoint')) return skipReason('public-endpoint');
  findings.push(...(await examineAsClient(place, access, observed, examination)));
  return examination.write ? skipReason('upload') : 'it writes to the bucket: run with --write';
}

function skipReason(id: string): string {
  return `not before \`${id}\` is well`;
}

function knownOnly(
  spec: DestinationSettings,
  { known }: BucketAccess,
  { wallClockMs }: Examination,
): Finding[] {
  return [judgeCredentials(spec, known, undefined), judgeCredentialsLife(spec, known, wallClockMs())];
}

/** Answers the check that nothing else can go past. */
async function examineBucket(
  findings: Finding[],
  { spec, region }: BucketPlace,
  { known, storage }: BucketAccess,
  anonymous: HttpAnswer,
): Promise<string | undefined> {
  const listing = await listBucket(storage, spec.bucket, spec.keyPrefix);
  const refusedWith = isRefusedKey(listing) ? listing.refusal.code : undefined;
  findings.push(judgeCredentials(spec, known, refusedWith));
  if (refusedWith !== undefined) return 'credentials';
  const told = 'refusal' in listing ? listing.refusal.region : undefined;
  if (told !== undefined && told !== region && regionOf(anonymous) === undefined) {
    const known = findings.findIndex(({ id }) => id === 'region');
    findings.splice(known, 1, judgeRegion(spec, region, told));
    return 'region';
  }
  const bucket = judgeBucket(spec, listing);
  findings.push(bucket);
  return bucket.level === 'problem' ? 'bucket' : undefined;
}

// Does what clients and their browsers do: preflights, uploads where that was asked for, and reads by the public URL.
import { createPublicUrl } from '../s3/public-url.ts';
import { PROVIDER_CAPABILITIES } from '../uploads/providers.ts';
import { browserHeaders, browserMethods, corsRule } from './cors-rule.ts';
import type { Examination } from './examine-destination.ts';
import { type Finding, skipped } from './finding.ts';
import { judgePublicRead, judgePublicUrl } from './judge-access.ts';
import { rulesOf } from './judge-bucket.ts';
import { judgeCors } from './judge-cors.ts';
import { judgeWrites } from './judge-write.ts';
import type { BucketAccess, BucketPlace } from './open-bucket.ts';
import type { BucketObservation } from './probe-bucket.ts';
import { pageOf, probeCors } from './probe-cors.ts';
import { probeWrites, type WriteProbe, withoutQuery } from './probe-writes.ts';
import { corsRemedy } from './remedies.ts';
import { scratchKey, signedUpload } from './scratch.ts';

/** An upload that was signed so long ago that every S3 refuses it, with the CORS headers of an upload. */
const EXPIRED_MS = 2 * 3_600_000;

/** The checks of browsers, of which there are none without an origin. */
const CORS_CHECKS = ['cors-origin', 'cors-methods', 'cors-headers', 'cors-etag'] as const;

export async function examineAsClient(
  place: BucketPlace,
  access: BucketAccess,
  observed: BucketObservation,
  examination: Examination,
): Promise<readonly Finding[]> {
  const { spec } = place;
  const { origins, write } = examination;
  const written = write ? await probeWrites(spec, access, origins.map(pageOf), examination) : undefined;
  const [publicUrl, ...cors] = await Promise.all([
    examinePublicUrl(place, written, examination),
    ...origins.map((origin) =>
      examineCors(pageOf(origin), place, access, { written, observed }, examination),
    ),
  ]);
  const noOrigin = 'no page uploads: PRESIGND_CORS_ORIGINS is empty; --origin asks for one';
  return [
    ...judgeWrites(spec, written?.seen),
    judgePublicRead(spec, observed.isPublic, written?.seen.anonymousRead),
    publicUrl,
    ...(origins.length === 0 ? CORS_CHECKS.map((id) => skipped(id, noOrigin)) : cors.flat()),
  ];
}

async function examineCors(
  origin: string,
  { spec }: BucketPlace,
  { presigner }: BucketAccess,
  { written, observed }: { readonly written: WriteProbe | undefined; readonly observed: BucketObservation },
  { origins, probe, wallClockMs, id }: Examination,
): Promise<readonly Finding[]> {
  const provider = PROVIDER_CAPABILITIES[spec.provider];
  const upload = { objectKey: scratchKey(spec, `${id}-cors`), body: '', origin };
  const signed = await signedUpload(presigner, upload, wallClockMs() - EXPIRED_MS);
  const observation = await probeCors(probe, {
    origin,
    objectUrl: withoutQuery(signed.url),
    methods: browserMethods(provider),
    headers: browserHeaders(provider, spec.allowedAcls),
    put: written?.byOrigin.get(origin) ?? (await probe(signed)),
  });
  const rule = corsRule(origins, provider, spec.allowedAcls);
  return judgeCors(observation, corsRemedy(spec, rule, rulesOf(observed.cors)));
}

async function examinePublicUrl(
  { spec, publicAddress }: BucketPlace,
  written: WriteProbe | undefined,
  { probe, id }: Examination,
): Promise<Finding> {
  if (spec.publicBaseUrl === undefined)
    return skipped('public-url', "there is no public base URL: publicUrl is the object's own URL");
  if (written?.publicRead !== undefined) return judgePublicUrl(spec, written.publicRead, written.content);
  const url = createPublicUrl(publicAddress, spec.publicBaseUrl)(scratchKey(spec, `${id}-absent`));
  return judgePublicUrl(spec, await probe({ method: 'GET', url }), undefined);
}

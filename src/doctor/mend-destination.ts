// Mends what was found at one destination, as far as that can be done by adding rules to its bucket.
import type { DestinationSettings } from '../config/destinations.ts';
import { PROVIDER_CAPABILITIES } from '../uploads/providers.ts';
import type { CheckId } from './checks.ts';
import { corsRule } from './cors-rule.ts';
import type { Examination } from './examine-destination.ts';
import type { Finding } from './finding.ts';
import { uploadLifeDays } from './judge-bucket.ts';
import { type Change, mendCors, mendLifecycle } from './mend-bucket.ts';
import { locateBucket, openBucket } from './open-bucket.ts';

const CORS_IDS: readonly CheckId[] = ['cors-origin', 'cors-methods', 'cors-headers', 'cors-etag'];

/** Rejects with an Error when there is no address, or no credentials. */
export async function mendDestination(
  spec: DestinationSettings,
  findings: readonly Finding[],
  { origins, uploadTtlMs, wallClockMs }: Examination,
): Promise<readonly Change[]> {
  const isToMend = ({ level }: Finding) => level === 'warning' || level === 'problem';
  const ids = findings.filter(isToMend).map(({ id }) => id);
  const [cors, lifecycle] = [CORS_IDS.some((id) => ids.includes(id)), ids.includes('lifecycle')];
  if (!cors && !lifecycle) return [];
  using access = await openBucket(await locateBucket(spec), wallClockMs);
  const { storage } = access;
  const changes: Change[] = [];
  if (cors) {
    const rule = corsRule(origins, PROVIDER_CAPABILITIES[spec.provider], spec.allowedAcls);
    changes.push(await mendCors(storage, spec.bucket, rule));
  }
  if (lifecycle) {
    const rule = { keyPrefix: spec.keyPrefix, days: uploadLifeDays(uploadTtlMs) };
    changes.push(await mendLifecycle(storage, spec.bucket, rule));
  }
  return changes;
}

// Which failures of a call are as they have to be, and why. Every other one is a defect.
import type { FaultName } from './faults.ts';

/** What the traffic does, by what it needs. */
export const CALLS = {
  /** They only sign: neither SQL nor S3 nor Redis is needed for a key that is known. */
  signing: ['CreateS3Upload', 'CreateUpload', 'BatchCreateUploads', 'SignParts'],
  /** WhoAmI, too: it tells of the bytes that are counted in SQL. */
  keys: ['CreateApiKey', 'ListApiKeys', 'RevokeApiKey', 'WhoAmI'],
  storage: ['CreateMultipart', 'ListParts', 'CompleteUpload', 'AbortUpload', 'GetUpload'],
  /** To S3 itself, past the service. */
  s3: ['PUT to S3', 'forbidden PUT to S3'],
} as const;

export type CallName = (typeof CALLS)[keyof typeof CALLS][number];

interface Rule {
  readonly faults: readonly FaultName[];
  readonly calls: readonly string[];
  /** The code of the answer, or `connection` where there was none. */
  readonly kind: string;
  readonly because: string;
}

const RULES: readonly Rule[] = [
  {
    faults: ['Postgres hung', 'Postgres cut'],
    calls: CALLS.keys,
    kind: 'unavailable',
    because: 'keys and byte counts live in SQL: what changes or tells them cannot do without',
  },
  {
    faults: ['Postgres slow'],
    calls: ['CreateApiKey', 'RevokeApiKey'],
    kind: 'unavailable',
    because: 'a change is several round trips, each of them late, and changes wait for one another',
  },
  {
    faults: ['S3 cut'],
    calls: CALLS.storage,
    kind: 'unavailable',
    because: 'what asks S3 cannot do without',
  },
  { faults: ['S3 cut'], calls: CALLS.s3, kind: 'connection', because: 'the way to S3 is cut' },
  {
    faults: ['instance killed'],
    calls: [...CALLS.signing, ...CALLS.keys, ...CALLS.storage],
    kind: 'connection',
    because: 'a killed process finishes nothing',
  },
];

/** Why a failure is as it has to be; undefined for one that must not happen. */
export function reasonFor(call: string, kind: string, fault: FaultName | undefined): string | undefined {
  if (fault === undefined) return undefined;
  return RULES.find((rule) => rule.faults.includes(fault) && rule.calls.includes(call) && rule.kind === kind)
    ?.because;
}

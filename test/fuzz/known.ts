// What the inputs are made of: keys, tokens and ids that a service with these settings takes for its own. All of it is
// calculated from fixed texts, so that the same seed makes the same bytes on every day.
import { createSecretKey } from 'node:crypto';
import { digestFromToken, mintToken } from '../../src/keys/token.ts';
import { sealUploadToken } from '../../src/keys/upload-token.ts';
import { createSealer } from '../../src/seal/create-sealer.ts';
import type { TrackedUpload } from '../../src/uploads/tracked-upload.ts';
import type { ObjectKey } from '../../src/uploads/upload.ts';
import { createUploadIds } from '../../src/uploads/upload-id.ts';
import { createChance } from './chance.ts';

const PEPPER = 'a pepper for inputs that are made to be hostile';
const SEALING_KEY = 'a sealing key for inputs that are made to be hostile';
/** 2100-01-01, so that no input changes its meaning with time. */
const FAR_MS = 4_102_444_800_000;
const PAST_MS = 1_000_000_000_000;

const pepper = createSecretKey(Buffer.from(PEPPER));
const sealingKey = createSecretKey(Buffer.from(SEALING_KEY));
const foreignKey = createSecretKey(Buffer.from('the sealing key of another fleet altogether'));

function key(name: string): string {
  return mintToken('live', pepper, createChance(name).bytes);
}

/** The administrator of the service. */
export const API_KEY = key('administrator');
/** Of the right making, but nobody has it. */
export const UNKNOWN_KEY = key('nobody');

/** What the service has to be started with. */
export const KNOWN_ENV = {
  PRESIGND_KEY_PEPPERS: PEPPER,
  PRESIGND_SEALING_KEYS: SEALING_KEY,
  PRESIGND_BOOTSTRAP_KEY: API_KEY,
} as const;

const PUT: TrackedUpload = {
  kind: 'put',
  destination: 'default',
  objectKey: 'default/2026/01/01/01890a5d-ac96-774b-bcce-b302099a8057/report.pdf' as ObjectKey,
  expiresAtMs: FAR_MS,
  contentType: 'application/pdf',
  contentTypeIsPrefix: false,
  minSizeBytes: 42,
  maxSizeBytes: 42,
  checksum: undefined,
  oneShot: false,
  multipart: undefined,
};
const MULTIPART: TrackedUpload = {
  ...PUT,
  kind: 'multipart',
  minSizeBytes: 12_000_000,
  maxSizeBytes: 12_000_000,
  multipart: { s3UploadId: 'bm90LXRoZXJl', partSizeBytes: 5_242_880, checksum: undefined },
};

const ids = createUploadIds(createSealer([sealingKey], 'upload-id'));
const foreignIds = createUploadIds(createSealer([foreignKey], 'upload-id'));

/** Upload ids by what becomes of them. */
export const UPLOAD_IDS = {
  put: ids.issue(PUT, 'default') ?? '',
  multipart: ids.issue(MULTIPART, 'default') ?? '',
  expired: ids.issue({ ...PUT, expiresAtMs: PAST_MS }, 'default') ?? '',
  ofAnotherOwner: ids.issue(PUT, 'somebody-else') ?? '',
  ofAnotherFleet: foreignIds.issue(PUT, 'default') ?? '',
  ofAnotherDestination: ids.issue({ ...PUT, destination: 'nowhere' }, 'default') ?? '',
} as const;

function uploadToken(expiresAtMs: number, apiKey: string): string {
  const grant = {
    id: 'upl_fuzz',
    actions: ['create', 'sign', 'complete'] as const,
    expiresAtMs,
    maxFiles: 10_000,
    maxTotalBytes: null,
    policy: null,
    origin: null,
  };
  const content = { digest: digestFromToken(apiKey), grant };
  return sealUploadToken(content, createSealer([sealingKey], 'upload-token')) ?? '';
}

/** Upload tokens by what becomes of them. */
export const UPLOAD_TOKENS = {
  good: uploadToken(FAR_MS, API_KEY),
  expired: uploadToken(PAST_MS, API_KEY),
  ofNobody: uploadToken(FAR_MS, UNKNOWN_KEY),
} as const;

// The uploads room as the service joins it, on an S3 that does nothing.
import { createSecretKey } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { createTokenBudget } from '../../src/quota/token-budget.ts';
import { createSealer } from '../../src/seal/create-sealer.ts';
import { random } from '../../src/system.ts';
import { createMemoryCreationMemory } from '../../src/uploads/creation-memory.ts';
import type { PlanRequest } from '../../src/uploads/plan.ts';
import type { Presigner } from '../../src/uploads/ports.ts';
import { createUploadIds, type UploadIds } from '../../src/uploads/upload-id.ts';
import { createUploads, type Uploads } from '../../src/uploads/uploads.ts';
import { systemClock } from '../support/system-clock.ts';
import { ACME, createFakeStorage } from '../support/upload-fixture.ts';
import { placeWith } from '../support/upload-option-cases.ts';

export { ACME as CALLER };

const MIB = 1_048_576;
const DAY_MS = 86_400_000;
/** As long as the names that AWS gives. */
const S3_UPLOAD_ID = 'VXBsb2FkSWQ'.repeat(12);

/** A file of a thousand parts. */
export const THOUSAND_PARTS = {
  filename: 'holiday.mp4',
  contentType: 'video/mp4',
  sizeBytes: 5_000 * MIB,
  kind: 'multipart',
  partSizeBytes: 5 * MIB,
} as const satisfies PlanRequest;

export function createUploadRoom(presigner: Presigner): {
  readonly uploads: Uploads;
  readonly ids: UploadIds;
} {
  const sealer = createSealer([createSecretKey(Buffer.alloc(32, 1))], 'upload id');
  const storage = { ...createFakeStorage(), createMultipartUpload: async () => S3_UPLOAD_ID };
  const uploads = createUploads({
    destinations: new Map([['default', { ...placeWith(), presigner, storage }]]),
    budget: createTokenBudget({ clock: systemClock }),
    memory: createMemoryCreationMemory({ clock: systemClock }),
    sealer,
    uploadTtlMs: 7 * DAY_MS,
    random: random.pooled,
    wallClockMs: Date.now,
    sleep: (ms) => delay(ms),
  });
  return { uploads, ids: createUploadIds(sealer) };
}

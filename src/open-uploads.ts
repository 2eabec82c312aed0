// Joins the uploads room with what it shares between instances: seals, what creating calls remember, and token budgets.
import { setTimeout as delay } from 'node:timers/promises';
import type { Settings } from './config/settings.ts';
import { createUploadTokens, type UploadTokens } from './keys/upload-tokens.ts';
import type { KeyRooms } from './open-keys.ts';
import { createGuard } from './open-limits.ts';
import { createTokenBudget } from './quota/token-budget.ts';
import { createSealer } from './seal/create-sealer.ts';
import type { Sealer } from './seal/sealer.ts';
import { sealingKeysFrom } from './seal/sealing-keys.ts';
import { clock, random } from './system.ts';
import type { Events } from './telemetry/events.ts';
import type { Metrics } from './telemetry/metrics.ts';
import { createMemoryCreationMemory } from './uploads/creation-memory.ts';
import type { UploadDestinations } from './uploads/destination.ts';
import type { ByteQuota, CreationMemory } from './uploads/ports.ts';
import { createSharedCreationMemory } from './uploads/shared-creation-memory.ts';
import { createUploads, type Uploads } from './uploads/uploads.ts';

/** What this service hands out sealed and takes back, each so that it opens as nothing else. */
export interface Sealed {
  /** Seals upload ids. */
  readonly idSealer: Sealer;
  readonly uploadTokens: UploadTokens;
}

/** @throws RangeError that names the setting when a sealing key is too short */
export function openSealed(
  { sealingKeys: configured }: Pick<Settings, 'sealingKeys'>,
  { peppers }: Pick<KeyRooms, 'peppers'>,
): Sealed {
  const keys = sealingKeysFrom({ configured, peppers });
  return {
    idSealer: createSealer(keys, 'upload-id'),
    uploadTokens: createUploadTokens({
      sealer: createSealer(keys, 'upload-token'),
      randomBytes: random.bytes,
    }),
  };
}

export interface UploadsOptions {
  readonly destinations: UploadDestinations;
  readonly quota: ByteQuota;
  readonly sealer: Sealer;
  readonly events: Events;
  readonly metrics: Metrics;
}

/** Everything is shared through Redis where there is one, and within this instance else. */
export function openUploads(
  { uploadTtlMs }: Pick<Settings, 'uploadTtlMs'>,
  { creationMemory, tokenCounts }: Pick<KeyRooms, 'creationMemory' | 'tokenCounts'>,
  { destinations, quota, sealer, events, metrics }: UploadsOptions,
): Uploads {
  const budget = createTokenBudget({
    shared: tokenCounts && { counts: tokenCounts, guard: createGuard(metrics, 'token') },
    clock,
    onInsurance: () => events.limitInsured('token'),
  });
  return createUploads({
    destinations,
    quota,
    budget,
    memory: createMemory(creationMemory, events, metrics),
    sealer,
    uploadTtlMs,
    random: random.pooled,
    wallClockMs: clock.wallMs,
    sleep: (ms) => delay(ms),
  });
}

function createMemory(shared: CreationMemory | undefined, events: Events, metrics: Metrics): CreationMemory {
  if (shared === undefined) return createMemoryCreationMemory({ clock });
  return createSharedCreationMemory({
    shared,
    guard: createGuard(metrics, 'creations'),
    clock,
    onInsurance: events.creationInsured,
  });
}

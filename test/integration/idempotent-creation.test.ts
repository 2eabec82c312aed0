// The whole uploads room on two instances that share a Redis and an S3.
import { createSecretKey, randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createSealer } from '../../src/seal/create-sealer.ts';
import type { PlanRequest } from '../../src/uploads/plan.ts';
import { createUploads, type Uploads } from '../../src/uploads/uploads.ts';
import { describeWith } from '../support/available.ts';
import { faultOf } from '../support/faults.ts';
import { ownPrefix } from '../support/redis-key-cache.ts';
import { ACME, FILE, fakeDestination } from '../support/upload-fixture.ts';
import { openUploadMemoryInstance, type UploadMemoryInstance } from '../support/upload-memory-instance.ts';

const MIB = 1_048_576;
const DAY_MS = 86_400_000;
const PUT: PlanRequest = { ...FILE, kind: 'put' };
const MULTIPART: PlanRequest = { ...FILE, sizeBytes: 12 * MIB, kind: 'multipart', partSizeBytes: 5 * MIB };

describeWith('redisUrl', 'two instances that share a Redis', (url) => {
  let destination: ReturnType<typeof fakeDestination>;
  let counted: number[];
  let one: Uploads;
  let other: Uploads;
  let opened: UploadMemoryInstance[];

  beforeEach(async () => {
    const prefix = ownPrefix();
    destination = fakeDestination();
    counted = [];
    opened = [openUploadMemoryInstance(url, prefix), openUploadMemoryInstance(url, prefix)];
    for (const { connected } of opened) expect(await connected.connections.ready(15_000)).toBe(true);
    const [first, second] = opened.map(uploadsOf);
    if (first === undefined || second === undefined) throw new Error('nothing was opened');
    [one, other] = [first, second];
  });
  afterEach(() => {
    for (const { connected } of opened) connected.close();
  });

  function uploadsOf({ creations, budget }: UploadMemoryInstance): Uploads {
    return createUploads({
      destinations: new Map([['default', destination]]),
      quota: { take: (_principal, sizeBytes) => void counted.push(sizeBytes) },
      budget,
      memory: creations,
      sealer: createSealer([createSecretKey(Buffer.alloc(32, 1))], 'test'),
      uploadTtlMs: DAY_MS,
      random: (count) => randomBytes(count),
      wallClockMs: Date.now,
      sleep: (ms) => delay(ms),
    });
  }

  it.each([
    ['put', PUT],
    ['multipart', MULTIPART],
  ])('make one upload of a %s that comes to both at once with the same key', async (_, request) => {
    const created = await Promise.all(
      Array.from({ length: 10 }, (_each, n) => (n % 2 === 0 ? one : other).create(request, ACME, 'order-1')),
    );
    expect(new Set(created.map(({ objectKey }) => objectKey)).size).toBe(1);
    expect(new Set(created.map(({ uploadId }) => uploadId)).size).toBe(1);
    expect(destination.storage.uploads.size).toBe(request === MULTIPART ? 1 : 0);
    expect(counted).toHaveLength(1);
  });

  it('answer a repetition on the other one as the first time', async () => {
    const first = await one.create(MULTIPART, ACME, 'order-1');
    const again = await other.create(MULTIPART, ACME, 'order-1');
    expect([again.uploadId, again.objectKey]).toEqual([first.uploadId, first.objectKey]);
    expect(destination.storage.uploads.size).toBe(1);
    const another = await other.create(MULTIPART, ACME, 'order-2');
    expect(another.objectKey).not.toBe(first.objectKey);
  });

  it('refuse the same key for something else, wherever it comes', async () => {
    await one.create(PUT, ACME, 'order-1');
    for (const uploads of [one, other]) {
      const fault = await faultOf(() => uploads.create(MULTIPART, ACME, 'order-1'));
      expect(fault.reason).toBe('IDEMPOTENCY_MISMATCH');
    }
  });

  it('go on by themselves when Redis goes away, and never answer one key twice on one of them', async () => {
    const first = await one.create(PUT, ACME, 'order-1');
    for (const { connected } of opened) connected.close();
    expect((await one.create(PUT, ACME, 'order-1')).uploadId).toBe(first.uploadId);
    const alone = await other.create(MULTIPART, ACME, 'order-2');
    expect((await other.create(MULTIPART, ACME, 'order-2')).uploadId).toBe(alone.uploadId);
  });
});

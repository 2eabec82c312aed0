// One PUT, decided, counted and signed: the hot path.
import { Fault } from '../fault/fault.ts';
import type { TimeLeft } from '../flow/time-left.ts';
import type { Principal } from '../keys/api-key.ts';
import type { Counter } from './count-upload.ts';
import { decidePut } from './decide.ts';
import type { UploadDestination, UploadDestinations } from './destination.ts';
import { findDestination } from './find-destination.ts';
import { type Made, type OnceCall, type OnceDeps, once, type Seed } from './once.ts';
import type { SignedPut } from './ports.ts';
import type { PresignedPut, PutPlan, UploadRequest } from './upload.ts';

export interface PutIssueDeps extends OnceDeps {
  readonly destinations: UploadDestinations;
  readonly count: Counter;
  readonly wallClockMs: () => number;
}

type IssuePut = (
  request: UploadRequest,
  principal: Principal,
  idempotencyKey?: string,
  timeLeft?: TimeLeft,
) => PresignedPut | Promise<PresignedPut>;

/** Throws or rejects with the faults of `decidePut`, `findDestination`, `Counter`, `once` and of the presigner. */
export function createPutIssue(deps: PutIssueDeps): IssuePut {
  const { destinations, count, newSeed, wallClockMs } = deps;

  function plan(
    request: UploadRequest,
    destination: UploadDestination,
    principal: Principal,
    seed: Seed,
  ): PutPlan {
    const decided = decidePut(request, destination, principal, seed);
    if (decided instanceof Fault) throw decided;
    return decided;
  }

  function sign(
    { presigner }: UploadDestination,
    decided: PutPlan,
    nowMs: number,
  ): PresignedPut | Promise<PresignedPut> {
    const signed = presigner.presignPut(decided, nowMs);
    const publicUrl = presigner.publicUrl(decided.objectKey);
    return signed instanceof Promise
      ? signed.then((late) => presignedFrom(decided, publicUrl, late))
      : presignedFrom(decided, publicUrl, signed);
  }

  return (request, principal, idempotencyKey, timeLeft) => {
    const destination = findDestination(destinations, request.destination);
    if (idempotencyKey !== undefined)
      return issueOnce(request, destination, principal, { idempotencyKey, timeLeft });
    const seed = newSeed();
    const decided = plan(request, destination, principal, seed);
    // Counted before it is signed: a URL that is out cannot be taken back.
    const counted = count(principal, decided.sizeBytes, seed.nowMs);
    // Counting may have taken a while, and the life of the URL begins with its signature.
    return counted instanceof Promise
      ? counted.then(() => sign(destination, decided, wallClockMs()))
      : sign(destination, decided, seed.nowMs);
  };

  async function issueOnce(
    request: UploadRequest,
    destination: UploadDestination,
    principal: Principal,
    asked: Pick<OnceCall, 'idempotencyKey' | 'timeLeft'>,
  ): Promise<PresignedPut> {
    const ttlMs = destination.policy.maxTtlSeconds * 1_000;
    const call = { method: 'CreateS3Upload', ...asked, request, principal, ttlMs };
    const { put } = await once<{ readonly put: PresignedPut; readonly made: Made }>(
      deps,
      call,
      async ({ seed, made }) => {
        const decided = plan(request, destination, principal, seed);
        if (made === undefined) await count(principal, decided.sizeBytes, wallClockMs());
        return { put: await sign(destination, decided, wallClockMs()), made: {} };
      },
    );
    return put;
  }
}

function presignedFrom({ objectKey }: PutPlan, publicUrl: string, signed: SignedPut): PresignedPut {
  return {
    uploadUrl: signed.url,
    publicUrl,
    fileKey: objectKey,
    method: 'PUT',
    headers: signed.headers,
    expiresAtMs: signed.expiresAtMs,
  };
}

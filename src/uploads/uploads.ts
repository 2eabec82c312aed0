import { Fault } from '../fault/fault.ts';
import type { Principal } from '../keys/api-key.ts';
import { decidePut } from './decide.ts';
import type { ByteQuota, Presigner, SignedPut } from './ports.ts';
import type { RandomSource } from './random-pool.ts';
import type { PresignedPut, PutPlan, UploadRequest } from './upload.ts';
import type { UploadPolicy } from './upload-policy.ts';
import { UUID_RANDOM_BYTES, uuidV7 } from './uuid.ts';

export interface Uploads {
  /**
   * Decides, counts and signs one upload. Answers synchronously whenever the quota and the presigner do. Throws or
   * rejects with a Fault INVALID_REQUEST, POLICY_REFUSED or CONTENT_REFUSED, or with what the quota or the presigner throws.
   */
  issuePut(request: UploadRequest, principal: Principal): PresignedPut | Promise<PresignedPut>;
}

export interface UploadsDeps {
  readonly presigner: Presigner;
  readonly policy: UploadPolicy;
  /** Left out: nobody counts bytes. */
  readonly quota?: ByteQuota | undefined;
  readonly random: RandomSource;
  readonly wallClockMs: () => number;
}

export function createUploads({ presigner, policy, quota, random, wallClockMs }: UploadsDeps): Uploads {
  function presignedFrom({ objectKey }: PutPlan, signed: SignedPut): PresignedPut {
    return {
      uploadUrl: signed.url,
      publicUrl: presigner.publicUrl(objectKey),
      fileKey: objectKey,
      method: 'PUT',
      headers: signed.headers,
      expiresAtMs: signed.expiresAtMs,
    };
  }

  function sign(plan: PutPlan, nowMs: number): PresignedPut | Promise<PresignedPut> {
    const signed = presigner.presignPut(plan, nowMs);
    return signed instanceof Promise
      ? signed.then((late) => presignedFrom(plan, late))
      : presignedFrom(plan, signed);
  }

  return {
    issuePut: (request, principal) => {
      const nowMs = wallClockMs();
      const uuid = uuidV7(nowMs, random(UUID_RANDOM_BYTES));
      const plan = decidePut(request, policy, principal, { nowMs, uuid });
      if (plan instanceof Fault) throw plan;
      // Counted before it is signed: a URL that is out cannot be taken back.
      const counted = quota?.take(principal, plan.sizeBytes, nowMs);
      // Counting may have taken a while, and the life of the URL begins with its signature.
      return counted instanceof Promise ? counted.then(() => sign(plan, wallClockMs())) : sign(plan, nowMs);
    },
  };
}

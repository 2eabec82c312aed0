import { Fault } from '../fault/fault.ts';
import type { Principal } from '../keys/api-key.ts';
import { decidePut, type UploadPolicy } from './decide.ts';
import type { Presigner, SignedPut } from './ports.ts';
import type { RandomSource } from './random-pool.ts';
import type { PresignedPut, PutPlan, UploadRequest } from './upload.ts';
import { UUID_RANDOM_BYTES, uuidV7 } from './uuid.ts';

export interface Uploads {
  /**
   * Decides and signs one upload. Answers synchronously whenever the presigner does. Throws or rejects with the
   * Fault INVALID_REQUEST, or with what the presigner throws.
   */
  issuePut(request: UploadRequest, principal: Principal): PresignedPut | Promise<PresignedPut>;
}

export interface UploadsDeps {
  readonly presigner: Presigner;
  readonly policy: UploadPolicy;
  readonly random: RandomSource;
  readonly wallClockMs: () => number;
}

export function createUploads({ presigner, policy, random, wallClockMs }: UploadsDeps): Uploads {
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

  return {
    issuePut: (request, principal) => {
      const nowMs = wallClockMs();
      const uuid = uuidV7(nowMs, random(UUID_RANDOM_BYTES));
      const plan = decidePut(request, policy, principal, { nowMs, uuid });
      if (plan instanceof Fault) throw plan;
      const signed = presigner.presignPut(plan, nowMs);
      return signed instanceof Promise
        ? signed.then((late) => presignedFrom(plan, late))
        : presignedFrom(plan, signed);
    },
  };
}

// The use cases of this room, joined.
import { Fault } from '../fault/fault.ts';
import type { TimeLeft } from '../flow/time-left.ts';
import type { Principal } from '../keys/api-key.ts';
import type { Sealer } from '../seal/sealer.ts';
import { createCounter } from './count-upload.ts';
import { createUploadCreation } from './create-upload.ts';
import { ttlFor } from './decide.ts';
import { decideDownload, readableKey } from './decide-download.ts';
import type { UploadDestinations } from './destination.ts';
import { findDestination } from './find-destination.ts';
import {
  abortUpload,
  completeUpload,
  layoutOf,
  listUploadParts,
  multipartOf,
  uploadStatus,
} from './finish-upload.ts';
import { askedParts, issueParts } from './issue-parts.ts';
import { createPutIssue } from './issue-put.ts';
import { openUpload } from './open-upload.ts';
import type {
  ClaimedPart,
  CompletedUpload,
  CreatedUpload,
  DownloadRequest,
  IssuedDownload,
  IssuedPart,
  PartsListing,
  SignPartsRequest,
  UploadStatus,
} from './outcomes.ts';
import type { PlanRequest } from './plan.ts';
import { policiesOf } from './policies.ts';
import type { ByteQuota, CreationMemory, TokenBudget } from './ports.ts';
import type { RandomSource } from './random-pool.ts';
import type { PresignedPut, UploadRequest } from './upload.ts';
import { createUploadIds } from './upload-id.ts';
import { UUID_RANDOM_BYTES, uuidV7 } from './uuid.ts';

/**
 * Uploads from plan to object. Every call throws or rejects with a Fault: of the decision, of the ports, or one that
 * says how the upload stands. `timeLeft` is the caller's; left out, a call takes as long as its ports do.
 */
export interface Uploads {
  /**
   * Decides, counts and signs one PUT. Answers synchronously whenever the quota and the presigner do, and no
   * `idempotencyKey` is given.
   */
  issuePut(
    request: UploadRequest,
    principal: Principal,
    idempotencyKey?: string,
    timeLeft?: TimeLeft,
  ): PresignedPut | Promise<PresignedPut>;
  /** Decides of which kind the upload is, counts it, begins it in S3 where it has parts, and signs what comes first. */
  create(
    request: PlanRequest,
    principal: Principal,
    idempotencyKey?: string,
    timeLeft?: TimeLeft,
  ): Promise<CreatedUpload>;
  signParts(
    uploadId: string,
    request: SignPartsRequest,
    principal: Principal,
  ): Promise<readonly IssuedPart[]>;
  listParts(uploadId: string, principal: Principal, timeLeft?: TimeLeft): Promise<PartsListing>;
  complete(
    uploadId: string,
    claimed: readonly ClaimedPart[],
    principal: Principal,
    timeLeft?: TimeLeft,
  ): Promise<CompletedUpload>;
  abort(uploadId: string, principal: Principal, timeLeft?: TimeLeft): Promise<void>;
  status(uploadId: string, principal: Principal, timeLeft?: TimeLeft): Promise<UploadStatus>;
  createDownload(request: DownloadRequest, principal: Principal): Promise<IssuedDownload>;
}

export interface UploadsDeps {
  readonly destinations: UploadDestinations;
  /** Left out: nobody counts bytes. */
  readonly quota?: ByteQuota | undefined;
  readonly budget: TokenBudget;
  readonly memory: CreationMemory;
  readonly sealer: Sealer;
  /** The life of an upload id. */
  readonly uploadTtlMs: number;
  readonly random: RandomSource;
  readonly wallClockMs: () => number;
  readonly sleep: (ms: number) => Promise<void>;
}

export function createUploads(deps: UploadsDeps): Uploads {
  const { destinations, memory, uploadTtlMs, random, wallClockMs, sleep } = deps;
  const ids = createUploadIds(deps.sealer);
  const count = createCounter(deps);
  const newSeed = () => {
    const nowMs = wallClockMs();
    return { nowMs, uuid: uuidV7(nowMs, random(UUID_RANDOM_BYTES)) };
  };
  const shared = { destinations, memory, newSeed, sleep, count, wallClockMs };
  const create = createUploadCreation({ ...shared, ids, uploadTtlMs });
  const open = (uploadId: string, principal: Principal) =>
    openUpload(uploadId, principal, { destinations, ids }, wallClockMs());

  async function signParts(
    uploadId: string,
    request: SignPartsRequest,
    principal: Principal,
  ): Promise<readonly IssuedPart[]> {
    const { tracked, destination } = open(uploadId, principal);
    const multipart = multipartOf(tracked);
    const { objectKey, maxSizeBytes: sizeBytes } = tracked;
    const upload = { ...multipart, ...layoutOf(tracked, multipart), objectKey, sizeBytes };
    const asked = askedParts(request, upload);
    if (asked instanceof Fault) throw asked;
    const nowMs = wallClockMs();
    const ttlSeconds = ttlFor(request.expiresInSeconds, destination.policy, policiesOf(principal));
    // No part outlives its upload.
    const leftSeconds = Math.max(1, Math.ceil((tracked.expiresAtMs - nowMs) / 1_000));
    return issueParts(destination.presigner, upload, asked, Math.min(ttlSeconds, leftSeconds), nowMs);
  }

  async function createDownload(request: DownloadRequest, principal: Principal): Promise<IssuedDownload> {
    const { destination, object } = downloaded(request, principal);
    const plan = decideDownload(request, object, destination, principal);
    if (plan instanceof Fault) throw plan;
    const { url, expiresAtMs } = await destination.presigner.presignGet(plan, wallClockMs());
    return { url, objectKey: object.objectKey, expiresAtMs };
  }

  function downloaded(request: DownloadRequest, principal: Principal) {
    const { uploadId, fileKey } = request;
    if (uploadId !== undefined && fileKey === undefined && request.destination === undefined) {
      const { tracked, destination } = open(uploadId, principal);
      const { objectKey, contentType, contentTypeIsPrefix } = tracked;
      return {
        destination,
        object: { objectKey, contentType: contentTypeIsPrefix ? undefined : contentType },
      };
    }
    if (fileKey === undefined || uploadId !== undefined) throw oneName();
    const destination = findDestination(destinations, request.destination);
    const objectKey = readableKey(fileKey, destination, principal);
    if (objectKey instanceof Fault) throw objectKey;
    return { destination, object: { objectKey, contentType: undefined } };
  }

  return {
    issuePut: createPutIssue(shared),
    create,
    signParts,
    listParts: async (uploadId, principal, timeLeft) =>
      listUploadParts({ ...open(uploadId, principal), timeLeft }),
    complete: async (uploadId, claimed, principal, timeLeft) =>
      completeUpload({ ...open(uploadId, principal), timeLeft }, claimed),
    abort: async (uploadId, principal, timeLeft) => abortUpload({ ...open(uploadId, principal), timeLeft }),
    status: async (uploadId, principal, timeLeft) => uploadStatus({ ...open(uploadId, principal), timeLeft }),
    createDownload,
  };
}

function oneName(): Fault {
  const message = 'must be given, or a fileKey with or without its destination, and not both';
  return new Fault('INVALID_REQUEST', { fields: [{ field: 'uploadId', message }] });
}

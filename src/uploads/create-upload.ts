// From a request to a signed plan: decided, counted, begun in S3 where it has parts, and signed.
import { Fault } from '../fault/fault.ts';
import type { TimeLeft } from '../flow/time-left.ts';
import type { Principal } from '../keys/api-key.ts';
import type { Counter } from './count-upload.ts';
import { type DecidedPlan, decidePlan } from './decide-plan.ts';
import type { UploadDestination, UploadDestinations } from './destination.ts';
import { findDestination } from './find-destination.ts';
import { issueParts, SIGNED_PARTS_MAX } from './issue-parts.ts';
import { type Creation, type Made, type OnceDeps, once } from './once.ts';
import type { CreatedUpload, IssuedPlan } from './outcomes.ts';
import type { MultipartPlan, PlanRequest } from './plan.ts';
import type { TrackedMultipart, TrackedUpload } from './tracked-upload.ts';
import type { UploadIds } from './upload-id.ts';

/** How many parts are signed with the plan unless the caller says. */
const FIRST_PARTS = 10;

export interface CreateUploadDeps extends OnceDeps {
  readonly destinations: UploadDestinations;
  readonly ids: UploadIds;
  readonly count: Counter;
  /** The life of an upload id. */
  readonly uploadTtlMs: number;
  readonly wallClockMs: () => number;
}

type Create = (
  request: PlanRequest,
  principal: Principal,
  idempotencyKey?: string,
  timeLeft?: TimeLeft,
) => Promise<CreatedUpload>;

type MadeUpload = CreatedUpload & { readonly made: Made };

/** Rejects with the faults of `decidePlan`, `findDestination`, `Counter`, `once`, of the presigner and of the storage. */
export function createUploadCreation(deps: CreateUploadDeps): Create {
  const { destinations, count, uploadTtlMs, wallClockMs } = deps;

  async function begin(
    request: PlanRequest,
    destination: UploadDestination,
    principal: Principal,
    { seed, made }: Creation,
    timeLeft: TimeLeft | undefined,
  ): Promise<MadeUpload> {
    const decided = decidePlan(request, destination, principal, seed);
    if (decided instanceof Fault) throw decided;
    // Counted before anything is signed: a URL that is out cannot be taken back.
    if (made === undefined) await count(principal, decided.tracked.maxSizeBytes, wallClockMs());
    const expiresAtMs = Math.floor((seed.nowMs + uploadTtlMs) / 1_000) * 1_000;
    const multipart =
      decided.kind === 'multipart' ? await beginParts(destination, decided.plan, made, timeLeft) : undefined;
    const tracked: TrackedUpload = { ...decided.tracked, expiresAtMs, multipart };
    const uploadId = await sealedId(deps.ids, tracked, destination, principal.owner);
    return {
      made: { s3UploadId: multipart?.s3UploadId },
      uploadId,
      objectKey: tracked.objectKey,
      publicUrl: destination.presigner.publicUrl(tracked.objectKey),
      destination: destination.name,
      uploadExpiresAtMs: expiresAtMs,
      // Beginning may have taken a while, and the life of what is signed begins now.
      plan: await sign(decided, multipart, destination, request.signParts, wallClockMs()),
    };
  }

  return async (request, principal, idempotencyKey, timeLeft) => {
    const destination = findDestination(destinations, request.destination);
    const run = (creation: Creation) => begin(request, destination, principal, creation, timeLeft);
    const { made: _, ...created } =
      idempotencyKey === undefined
        ? await run({ seed: deps.newSeed(), made: undefined })
        : await once(
            deps,
            { method: 'CreateUpload', idempotencyKey, request, principal, ttlMs: uploadTtlMs, timeLeft },
            run,
          );
    return created;
  };
}

async function beginParts(
  { storage }: UploadDestination,
  plan: MultipartPlan,
  made: Made | undefined,
  timeLeft: TimeLeft | undefined,
): Promise<TrackedMultipart> {
  const s3UploadId = made?.s3UploadId ?? (await storage.createMultipartUpload(plan, timeLeft));
  return { s3UploadId, partSizeBytes: plan.partSizeBytes, checksum: plan.checksum };
}

async function sealedId(
  ids: UploadIds,
  tracked: TrackedUpload,
  { storage }: UploadDestination,
  owner: string,
): Promise<string> {
  const id = ids.issue(tracked, owner);
  if (id !== undefined) return id;
  if (tracked.multipart !== undefined)
    await storage.abortMultipartUpload(tracked.objectKey, tracked.multipart.s3UploadId);
  const message =
    'makes an upload id of more than 1024 characters, together with contentType: shorten one of them';
  throw new Fault('INVALID_REQUEST', { fields: [{ field: 'filename', message }] });
}

async function sign(
  decided: DecidedPlan,
  multipart: TrackedMultipart | undefined,
  { presigner }: UploadDestination,
  signParts: number | undefined,
  nowMs: number,
): Promise<IssuedPlan> {
  if (decided.kind === 'put')
    return { kind: 'put', method: 'PUT', ...(await presigner.presignPut(decided.plan, nowMs)) };
  if (decided.kind === 'form') {
    const { contentTypePrefix, minSizeBytes, maxSizeBytes } = decided.plan;
    const form = await presigner.presignForm(decided.plan, nowMs);
    return { kind: 'form', contentTypePrefix, minSizeBytes, maxSizeBytes, ...form };
  }
  const { plan } = decided;
  const { partSizeBytes, partCount, checksum, ttlSeconds } = plan;
  // A part that is to have a checksum cannot be signed before that is known.
  const first = checksum !== undefined ? 0 : Math.min(signParts ?? FIRST_PARTS, partCount, SIGNED_PARTS_MAX);
  const asked = Array.from({ length: first }, (_, index) => ({ partNumber: index + 1 }));
  const upload = { ...plan, s3UploadId: multipart?.s3UploadId ?? '' };
  const parts = await issueParts(presigner, upload, asked, ttlSeconds, nowMs);
  return { kind: 'multipart', partSizeBytes, partCount, parts };
}

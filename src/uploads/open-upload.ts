import { Fault } from '../fault/fault.ts';
import type { TimeLeft } from '../flow/time-left.ts';
import type { Principal } from '../keys/api-key.ts';
import type { UploadDestination, UploadDestinations } from './destination.ts';
import { objectKeyHead } from './object-key.ts';
import { policiesOf } from './policies.ts';
import { effectivePrefix } from './prefix.ts';
import type { TrackedUpload } from './tracked-upload.ts';
import type { UploadIds } from './upload-id.ts';

/** An upload that the caller may go on with. */
export interface OpenUpload {
  readonly tracked: TrackedUpload;
  readonly destination: UploadDestination;
  /** Of the call that goes on with it. */
  readonly timeLeft?: TimeLeft | undefined;
}

export interface OpenUploadDeps {
  readonly destinations: UploadDestinations;
  readonly ids: UploadIds;
}

/**
 * What the upload id stands for. Throws a Fault UPLOAD_EXPIRED, or UPLOAD_NOT_FOUND for everything that the caller has
 * nothing to do with: an id of another owner or of nobody, and an object outside of what a policy allows by now.
 */
export function openUpload(
  uploadId: string,
  principal: Principal,
  { destinations, ids }: OpenUploadDeps,
  nowMs: number,
): OpenUpload {
  const tracked = ids.read(uploadId, principal.owner);
  const destination = tracked && destinations.get(tracked.destination);
  if (tracked === undefined || destination === undefined || !isWithinPolicy(tracked, destination, principal))
    throw new Fault('UPLOAD_NOT_FOUND');
  if (tracked.expiresAtMs <= nowMs) throw new Fault('UPLOAD_EXPIRED');
  return { tracked, destination };
}

function isWithinPolicy(
  tracked: TrackedUpload,
  { policy }: UploadDestination,
  principal: Principal,
): boolean {
  if (policiesOf(principal).some((one) => one?.destinations?.includes(tracked.destination) === false))
    return false;
  const prefix = effectivePrefix(principal);
  if (prefix instanceof Fault) return false;
  return tracked.objectKey.startsWith(objectKeyHead(policy.template, principal.owner, prefix));
}

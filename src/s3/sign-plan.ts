// Signs plans, for no longer than the credentials live.
import { Fault } from '../fault/fault.ts';
import type { FormPlan, GetPlan, PartsPlan } from '../uploads/plan.ts';
import type { SignedForm, SignedGet, SignedParts, SignedPut } from '../uploads/ports.ts';
import { type PutPlan, URL_TTL_MAX_SECONDS, URL_TTL_MIN_SECONDS } from '../uploads/upload.ts';
import type { SigningCredentials } from './credentials.ts';
import type { Signer } from './signer.ts';

/** Credentials expire by the clock of S3, which may be a little ahead of ours. */
const EXPIRY_MARGIN_MS = 5_000;

/** When a signature is dated, and how long it is good for. */
interface Life {
  /** Whole seconds, as the dates of signatures have; the life counts from there. */
  readonly dateMs: number;
  readonly expiresSeconds: number;
  readonly expiresAtMs: number;
}

/** A signer with the credentials that it signs with. */
export interface ActiveSigner {
  readonly signer: Signer;
  readonly credentials: SigningCredentials;
}

export function signPut(active: ActiveSigner, plan: PutPlan, nowMs: number): SignedPut | Promise<SignedPut> {
  const { headers } = plan;
  const { dateMs, expiresSeconds, expiresAtMs } = lifeOf(plan, active, nowMs);
  const url = active.signer.put({ objectKey: plan.objectKey, headers }, dateMs, expiresSeconds);
  return typeof url === 'string'
    ? { url, headers, expiresAtMs }
    : url.then((late) => ({ url: late, headers, expiresAtMs }));
}

export function signForm(
  active: ActiveSigner,
  plan: FormPlan,
  nowMs: number,
): SignedForm | Promise<SignedForm> {
  const { dateMs, expiresSeconds, expiresAtMs } = lifeOf(plan, active, nowMs);
  const form = active.signer.form(plan, dateMs, expiresSeconds);
  return form instanceof Promise ? form.then((late) => ({ ...late, expiresAtMs })) : { ...form, expiresAtMs };
}

export function signParts(
  active: ActiveSigner,
  plan: PartsPlan,
  nowMs: number,
): SignedParts | Promise<SignedParts> {
  const { dateMs, expiresSeconds, expiresAtMs } = lifeOf(plan, active, nowMs);
  const { objectKey, s3UploadId } = plan;
  const parts = plan.parts.map(({ partNumber, sizeBytes, headers }) => ({
    partNumber,
    headers: { 'content-length': String(sizeBytes), ...headers },
  }));
  const urls = active.signer.parts({ objectKey, s3UploadId, parts }, dateMs, expiresSeconds);
  const answer = (made: readonly string[]): SignedParts => ({
    parts: made.map((url, index) => ({ url, headers: parts[index]?.headers ?? {} })),
    expiresAtMs,
  });
  return urls instanceof Promise ? urls.then(answer) : answer(urls);
}

export function signGet(active: ActiveSigner, plan: GetPlan, nowMs: number): SignedGet | Promise<SignedGet> {
  const { dateMs, expiresSeconds, expiresAtMs } = lifeOf(plan, active, nowMs);
  const url = active.signer.get(plan, dateMs, expiresSeconds);
  return typeof url === 'string' ? { url, expiresAtMs } : url.then((late) => ({ url: late, expiresAtMs }));
}

/** Throws a Fault INTERNAL for a plan that lives longer or shorter than S3 lets it. */
function lifeOf(plan: { readonly ttlSeconds: number }, { credentials }: ActiveSigner, nowMs: number): Life {
  const dateMs = nowMs - (nowMs % 1000);
  const expiresSeconds = clampedTtl(plan.ttlSeconds, credentials.expiresAtMs, dateMs);
  return { dateMs, expiresSeconds, expiresAtMs: dateMs + expiresSeconds * 1000 };
}

function clampedTtl(ttlSeconds: number, credentialsExpireAtMs: number | null, dateMs: number): number {
  if (!Number.isInteger(ttlSeconds) || ttlSeconds < URL_TTL_MIN_SECONDS || ttlSeconds > URL_TTL_MAX_SECONDS) {
    throw new Fault('INTERNAL', { cause: new RangeError(`a URL cannot live for ${ttlSeconds} s`) });
  }
  if (credentialsExpireAtMs === null) return ttlSeconds;
  return Math.min(ttlSeconds, Math.floor((credentialsExpireAtMs - EXPIRY_MARGIN_MS - dateMs) / 1000));
}

// Uploads of a few bytes to a folder of their own, signed as those of clients are.
import type { DestinationSettings } from '../config/destinations.ts';
import type { S3Presigner } from '../s3/presigner.ts';
import type { ObjectKey } from '../uploads/upload.ts';
import type { HttpQuestion } from './http-probe.ts';

const CONTENT_TYPE = 'text/plain';
const URL_TTL_SECONDS = 60;

/** A key below the destination's own prefix that nothing else has. */
export function scratchKey({ keyPrefix }: DestinationSettings, id: string): ObjectKey {
  return `${keyPrefix}presignd-doctor/${id}` as ObjectKey;
}

export interface ScratchUpload {
  readonly objectKey: ObjectKey;
  /** What is sent. */
  readonly body: string;
  /** What is signed, where that differs. */
  readonly signedSizeBytes?: number;
  readonly extraHeaders?: Readonly<Record<string, string>>;
  /** The page that it is sent from. */
  readonly origin?: string | undefined;
}

/** @param signedAtMs Wall-clock milliseconds; long ago for an upload that S3 has to refuse. */
export async function signedUpload(
  presigner: S3Presigner,
  { objectKey, body, signedSizeBytes, extraHeaders, origin }: ScratchUpload,
  signedAtMs: number,
): Promise<HttpQuestion> {
  const bytes = Buffer.from(body);
  const sizeBytes = signedSizeBytes ?? bytes.length;
  const headers = { 'content-length': String(sizeBytes), 'content-type': CONTENT_TYPE, ...extraHeaders };
  const plan = { objectKey, sizeBytes, ttlSeconds: URL_TTL_SECONDS, headers };
  const { url } = await presigner.presignPut(plan, signedAtMs);
  const { 'content-length': _, ...sent } = headers;
  return {
    method: 'PUT',
    url,
    headers: { ...sent, ...(origin !== undefined && { origin }) },
    body: bytes,
  };
}

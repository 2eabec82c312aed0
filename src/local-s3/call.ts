import type { IncomingMessage, ServerResponse } from 'node:http';
import type { BodyOptions } from './body-headers.ts';
import type { Trust } from './credential-scope.ts';
import type { RequestTarget } from './request-target.ts';
import type { Store } from './store.ts';
import { receiveBody, type UploadBody } from './upload-body.ts';
import type { MultipartUpload } from './upload-catalog.ts';
import { type XmlElements, xmlDocument } from './xml.ts';

/** A request that has been found to be allowed, and the answer to it. */
export interface Call {
  readonly message: IncomingMessage;
  readonly response: ServerResponse;
  readonly target: RequestTarget;
  readonly isAnonymous: boolean;
  /**
   * Checks what the headers say of the body, and lets a client that waits for `100 Continue` send it.
   * @throws S3Error
   */
  openBody(options: BodyOptions): UploadBody;
}

export type Operation = (call: Call) => Promise<void>;

/** What operations work with. */
export interface OperationContext extends Trust {
  readonly store: Store;
  readonly wallClockMs: () => number;
}

/** Reads a body that is a document, not content. @throws S3Error */
export async function readText(call: Call, options: BodyOptions): Promise<string> {
  const pieces: Buffer[] = [];
  await receiveBody(call.openBody(options), (piece) => void pieces.push(piece));
  return Buffer.concat(pieces).toString('utf8');
}

/** @throws S3Error NoSuchBucket, NoSuchUpload */
export function requireUpload({ store }: OperationContext, { target }: Call): MultipartUpload {
  store.objects.requireBucket(target.bucket);
  return store.uploads.require(target.bucket, target.key, target.query.get('uploadId') ?? '');
}

export function replyWithXml(
  response: ServerResponse,
  root: string,
  content: string | XmlElements,
  status = 200,
): void {
  const body = xmlDocument(root, content);
  response.writeHead(status, {
    'content-type': 'application/xml',
    'content-length': Buffer.byteLength(body),
  });
  response.end(body);
}

export function replyEmpty(
  response: ServerResponse,
  status: number,
  headers: Record<string, string | number> = {},
): void {
  response.writeHead(status, status === 204 ? headers : { 'content-length': 0, ...headers });
  response.end();
}

/** Time as S3's documents write it. */
export function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}

/** The address of an object on this endpoint, as the client reached it. */
export function objectUrl(call: Pick<Call, 'message'>, bucket: string, key: string): string {
  const path = [bucket, ...key.split('/')].map(encodeURIComponent).join('/');
  return `http://${call.message.headers.host ?? 'localhost'}/${path}`;
}

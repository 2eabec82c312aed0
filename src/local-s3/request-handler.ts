import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { authenticate } from './authenticate.ts';
import { uploadBodyFromRequest } from './body-headers.ts';
import { createBucketOperations } from './bucket-operations.ts';
import { type Operation, type OperationContext, replyEmpty } from './call.ts';
import { type CorsRule, corsHeaders, preflightHeaders } from './cors.ts';
import { createMultipartOperations } from './multipart-operations.ts';
import { createObjectOperations } from './object-operations.ts';
import { isFormUpload, postObject } from './post-object.ts';
import { type RequestTarget, requestTargetFromUrl } from './request-target.ts';
import { type OperationName, routeRequest } from './routes.ts';
import { S3Error } from './s3-error.ts';
import { refuseUnsupported } from './unsupported.ts';
import { xmlErrorDocument } from './xml.ts';

export interface HandlerOptions {
  readonly context: OperationContext;
  readonly cors: readonly CorsRule[];
  /** Buckets whose objects anyone may read, and do nothing else with. */
  readonly publicReadBuckets: ReadonlySet<string>;
  readonly onInternalError: (error: unknown) => void;
}

/** Answers one request. @param awaitsContinue Whether the client holds its body back until it is asked for it. */
export type RequestHandler = (
  message: IncomingMessage,
  response: ServerResponse,
  awaitsContinue: boolean,
) => Promise<void>;

/** How long a client may go on sending, after an early refusal, without a pause that ends the connection. */
const DRAIN_IDLE_MS = 10_000;

export function createRequestHandler(options: HandlerOptions): RequestHandler {
  const { context, cors } = options;
  const operations: Record<OperationName, Operation> = {
    ...createBucketOperations(context),
    ...createObjectOperations(context),
    ...createMultipartOperations(context),
  };

  async function answer(
    message: IncomingMessage,
    response: ServerResponse,
    sendContinue: () => void,
  ): Promise<void> {
    const method = message.method ?? '';
    for (const [name, value] of Object.entries(corsHeaders(cors, message.headers, method))) {
      response.setHeader(name, value);
    }
    const target = requestTargetFromUrl(message.url ?? '', message.headers.host);
    if (method === 'OPTIONS') return replyEmpty(response, 200, preflightHeaders(cors, message.headers));
    if (isFormUpload(message, target))
      return postObject(context, { message, response, target, sendContinue });
    const authentication = authenticate(
      { method, headers: message.headersDistinct, target },
      context,
      context.wallClockMs(),
    );
    if (authentication === undefined && !isPublicRead(method, target)) throw new S3Error('AccessDenied');
    const operation = routeRequest(method, target);
    refuseUnsupported(operation, method, message.headers, target.query);
    return operations[operation]({
      message,
      response,
      target,
      isAnonymous: authentication === undefined,
      openBody(limits) {
        const payloadHash = authentication?.payloadHash ?? 'UNSIGNED-PAYLOAD';
        const body = uploadBodyFromRequest(message, payloadHash, limits);
        sendContinue();
        return body;
      },
    });
  }

  function isPublicRead(method: string, { bucket, key, query }: RequestTarget): boolean {
    const readsContent = !query.has('uploadId') && !query.has('tagging');
    const isRead = (method === 'GET' || method === 'HEAD') && key !== '' && readsContent;
    return isRead && options.publicReadBuckets.has(bucket);
  }

  return async (message, response, awaitsContinue) => {
    const requestId = randomBytes(8).toString('hex').toUpperCase();
    response.setHeader('x-amz-request-id', requestId);
    response.setHeader('x-amz-id-2', randomBytes(24).toString('base64'));
    let isHeldBack = awaitsContinue;
    const sendContinue = (): void => {
      if (isHeldBack) response.writeContinue();
      isHeldBack = false;
    };
    try {
      await answer(message, response, sendContinue);
    } catch (error) {
      if (!(error instanceof S3Error) && !response.destroyed) options.onInternalError(error);
      if (response.headersSent) {
        response.destroy();
        return;
      }
      // A body that was never asked for may or may not come; only a new connection makes that clear.
      if (isHeldBack) response.setHeader('connection', 'close');
      replyWithError(
        message,
        response,
        error instanceof S3Error ? error : new S3Error('InternalError'),
        requestId,
      );
    }
    drain(message);
  };
}

function replyWithError(
  message: IncomingMessage,
  response: ServerResponse,
  error: S3Error,
  requestId: string,
): void {
  const resource = message.url?.split('?', 1)[0];
  const body = xmlErrorDocument({
    Code: error.code,
    Message: error.message,
    ...error.extras,
    Resource: resource,
    RequestId: requestId,
  });
  response.writeHead(error.status, {
    'content-type': 'application/xml',
    'content-length': Buffer.byteLength(body),
  });
  response.end(message.method === 'HEAD' ? undefined : body);
}

/**
 * Reads on what a refused client is still sending. Many clients read the answer only after they have sent everything;
 * to those a connection cut under them would be a broken pipe instead of an error they can show.
 */
function drain(message: IncomingMessage): void {
  if (message.complete || message.destroyed) return;
  const timer = setTimeout(() => message.destroy(), DRAIN_IDLE_MS).unref();
  message.on('data', () => timer.refresh());
  message.on('close', () => clearTimeout(timer));
  message.resume();
}

import { setTimeout as sleep } from 'node:timers/promises';
import { ConnectError, type HandlerContext } from '@connectrpc/connect';
import {
  type Error as ErrorDefinition,
  type Header,
  type ConformancePayload_RequestInfo as RequestInfo,
  ConformancePayload_RequestInfoSchema as RequestInfoSchema,
  type StreamResponseDefinition,
  type UnaryResponseDefinition,
} from './gen/connectrpc/conformance/v1/service_pb.js';

/** A message of any of the service's answers. */
export interface Answer {
  readonly payload: { readonly data?: Uint8Array; readonly requestInfo?: RequestInfo };
}

/** Sets the metadata that a call is to be answered with. What has none is left alone: its answer is made in another way. */
export function setMetadata(
  definition: Pick<StreamResponseDefinition, 'responseHeaders' | 'responseTrailers'> | undefined,
  context: HandlerContext,
): void {
  const { responseHeaders = [], responseTrailers = [] } = definition ?? {};
  if (responseHeaders.length > 0) append(context.responseHeader, responseHeaders);
  if (responseTrailers.length > 0) append(context.responseTrailer, responseTrailers);
}

/** The one message of a call, or the error that it is to end with. */
export async function answerOnce(
  definition: UnaryResponseDefinition | undefined,
  requestInfo: RequestInfo,
  context: HandlerContext,
): Promise<Answer> {
  setMetadata(definition, context);
  await pause(definition?.responseDelayMs, context);
  const response = definition?.response;
  if (response?.case === 'error') throw errorFrom(response.value, requestInfo);
  return {
    payload: response?.case === 'responseData' ? { data: response.value, requestInfo } : { requestInfo },
  };
}

/** The messages from the one at `index` on, of which the first that there is tells of the request; then the error. */
export async function* answerRest(
  definition: StreamResponseDefinition | undefined,
  index: number,
  requestInfo: RequestInfo,
  context: HandlerContext,
): AsyncGenerator<Answer> {
  for (const [i, data] of definition?.responseData.entries() ?? []) {
    if (i < index) continue;
    await pause(definition?.responseDelayMs, context);
    yield { payload: i === 0 ? { data, requestInfo } : { data } };
  }
  if (definition?.error === undefined) return;
  const saysRequest = index === 0 && definition.responseData.length === 0;
  throw errorFrom(definition.error, saysRequest ? requestInfo : undefined);
}

/** Waits as long as the request says; ends early with the call. */
export async function pause(ms: number | undefined, { signal }: HandlerContext): Promise<void> {
  try {
    if (ms !== undefined && ms > 0) await sleep(ms, undefined, { signal });
  } catch {
    throw ConnectError.from(signal.reason);
  }
}

function errorFrom({ code, message, details }: ErrorDefinition, requestInfo?: RequestInfo): ConnectError {
  // Both enums hold gRPC's numbers.
  const error = new ConnectError(message ?? '', Number(code));
  error.details = details.map(({ typeUrl, value }) => ({
    type: typeUrl.slice(typeUrl.lastIndexOf('/') + 1),
    value,
  }));
  if (requestInfo !== undefined) error.details.push({ desc: RequestInfoSchema, value: requestInfo });
  return error;
}

function append(headers: Headers, fields: readonly Header[]): void {
  for (const { name, value } of fields) for (const item of value) headers.append(name, item);
}

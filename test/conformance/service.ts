// The service that the runner's clients call. Each request says how it is to be answered.
import type { MessageShape } from '@bufbuild/protobuf';
import type { ServiceImpl } from '@connectrpc/connect';
import { gather } from '../support/gather.ts';
import { answerOnce, answerRest, pause, setMetadata } from './answer.ts';
import {
  BidiStreamRequestSchema,
  ClientStreamRequestSchema,
  type ConformanceService,
  IdempotentUnaryRequestSchema,
  ServerStreamRequestSchema,
  UnaryRequestSchema,
} from './gen/connectrpc/conformance/v1/service_pb.js';
import { requestInfoOf, requestsOf } from './request-info.ts';

/** Without `Unimplemented`, which the router is to refuse. */
export const conformanceService: Partial<ServiceImpl<typeof ConformanceService>> = {
  unary(request, context) {
    const info = requestInfoOf(UnaryRequestSchema, [request], context);
    return answerOnce(request.responseDefinition, info, context);
  },

  idempotentUnary(request, context) {
    const info = requestInfoOf(IdempotentUnaryRequestSchema, [request], context);
    return answerOnce(request.responseDefinition, info, context);
  },

  async clientStream(stream, context) {
    const timeoutMs = context.timeoutMs();
    const requests = await gather(stream);
    const info = requestInfoOf(ClientStreamRequestSchema, requests, context, timeoutMs);
    return answerOnce(requests[0]?.responseDefinition, info, context);
  },

  async *serverStream(request, context) {
    const info = requestInfoOf(ServerStreamRequestSchema, [request], context);
    setMetadata(request.responseDefinition, context);
    yield* answerRest(request.responseDefinition, 0, info, context);
  },

  /** In full duplex each request is answered with the next message; what is left follows when the caller has ended. */
  async *bidiStream(stream, context) {
    const timeoutMs = context.timeoutMs();
    let first: MessageShape<typeof BidiStreamRequestSchema> | undefined;
    let unanswered: MessageShape<typeof BidiStreamRequestSchema>[] = [];
    let sent = 0;
    for await (const request of stream) {
      if (first === undefined) setMetadata(request.responseDefinition, context);
      first ??= request;
      unanswered.push(request);
      if (!first.fullDuplex) continue;
      const data = first.responseDefinition?.responseData[sent];
      if (data === undefined) break;
      await pause(first.responseDefinition?.responseDelayMs, context);
      const requestInfo =
        sent === 0
          ? requestInfoOf(BidiStreamRequestSchema, unanswered, context, timeoutMs)
          : requestsOf(BidiStreamRequestSchema, unanswered);
      yield { payload: { data, requestInfo } };
      unanswered = [];
      sent += 1;
    }
    const info = requestInfoOf(BidiStreamRequestSchema, unanswered, context, timeoutMs);
    yield* answerRest(first?.responseDefinition, sent, info, context);
  },
};

import type { DescMessage, DescMethodUnary, DescService, MessageInitShape } from '@bufbuild/protobuf';
import { createClient, createRouterTransport, type Interceptor, type ServiceImpl } from '@connectrpc/connect';
import { UploadService } from '../../gen/upload/v1/upload_service_pb.js';
import type { KeyLimiter } from '../../src/quota/key-limiter.ts';
import { contextOf } from '../../src/rpc/call.ts';
import { type ChainDeps, createChain } from '../../src/rpc/interceptors.ts';
import { createCallCount } from '../../src/rpc/limit.ts';
import { createUploadService } from '../../src/rpc/upload-service.ts';
import { createValidation } from '../../src/rpc/validate.ts';
import type { RequestRecord } from '../../src/telemetry/request-record.ts';
import type { Uploads } from '../../src/uploads/uploads.ts';
import { echoUploads } from '../support/echo-uploads.ts';
import { createRecord, testUploadTokens, verifyByTable } from '../support/test-doors.ts';

/** Does what a door does: tells the chain of the call, and takes the headers of the answer. */
function door(record: RequestRecord, answered: Map<string, string>): Interceptor {
  return (next) => (request) => {
    answered.clear();
    const call = {
      record,
      authorization: request.header.get('authorization') ?? undefined,
      origin: request.header.get('origin') ?? undefined,
      idempotencyKey: request.header.get('idempotency-key') ?? undefined,
      setHeader: (name: string, value: string) => void answered.set(name, value),
      hasDeadline: false,
      undecoded: [],
    };
    return next({ ...request, contextValues: contextOf(call) });
  };
}

/** A client of one service behind the whole chain, without a network. */
export function createInMemoryClient<S extends DescService>(
  service: S,
  implementation: ServiceImpl<S>,
  deps: Partial<ChainDeps> = {},
) {
  const record = createRecord();
  /** Those of the last answer. */
  const headers = new Map<string, string>();
  const chain = createChain([service], {
    verify: verifyByTable,
    limiter: { take: () => undefined },
    wallClockMs: Date.now,
    validation: createValidation([service]),
    ...deps,
  });
  const interceptors = [door(record, headers), ...chain];
  const transport = createRouterTransport((router) => router.service(service, implementation), {
    router: { interceptors },
  });
  /** Calls a method of the service by its description, in the binary format. */
  async function call<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    init: MessageInitShape<I>,
    token?: string,
    others: Readonly<Record<string, string>> = {},
  ) {
    const sent = { ...others, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) };
    return (await transport.unary(method, undefined, undefined, sent, init)).message;
  }
  return { client: createClient(service, transport), call, record, headers };
}

/** UploadService as the door makes it. */
export function createTestUploadService(
  uploads: Uploads,
  { limiter, wallClockMs, validation }: Omit<ChainDeps, 'verify'>,
): ServiceImpl<typeof UploadService> {
  return createUploadService({
    uploads,
    uploadTokens: testUploadTokens,
    countCall: createCallCount(limiter, wallClockMs),
    validation,
    wallClockMs,
  });
}

export function createUploadClient(
  uploads: Partial<Uploads> = {},
  limiter: KeyLimiter = { take: () => undefined },
) {
  const deps = { limiter, wallClockMs: Date.now, validation: createValidation([UploadService]) };
  const service = createTestUploadService({ ...echoUploads, ...uploads }, deps);
  return createInMemoryClient(UploadService, service, deps);
}

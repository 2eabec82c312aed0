import type { DescService } from '@bufbuild/protobuf';
import { createClient, createRouterTransport, type Interceptor, type ServiceImpl } from '@connectrpc/connect';
import { UploadService } from '../../gen/upload/v1/upload_service_pb.js';
import { contextOf } from '../../src/rpc/call.ts';
import { createChain } from '../../src/rpc/interceptors.ts';
import { createUploadService } from '../../src/rpc/upload-service.ts';
import type { RequestRecord } from '../../src/telemetry/request-record.ts';
import { createRecord, echoUploads, verifyByTable } from '../support/test-doors.ts';

/** Does what a door does: tells the chain of the call. */
function door(record: RequestRecord): Interceptor {
  return (next) => (request) => {
    const authorization = request.header.get('authorization') ?? undefined;
    const call = {
      record,
      authorization,
      idempotencyKey: request.header.get('idempotency-key') ?? undefined,
      setHeader: () => {},
      hasDeadline: false,
      undecoded: [],
    };
    return next({ ...request, contextValues: contextOf(call) });
  };
}

/** A client of one service behind the whole chain, without a network. */
export function createInMemoryClient<S extends DescService>(service: S, implementation: ServiceImpl<S>) {
  const record = createRecord();
  const chain = createChain([service], {
    verify: verifyByTable,
    limiter: { take: () => undefined },
    wallClockMs: Date.now,
  });
  const interceptors = [door(record), ...chain];
  const transport = createRouterTransport((router) => router.service(service, implementation), {
    router: { interceptors },
  });
  return { client: createClient(service, transport), record };
}

export function createUploadClient(uploads = echoUploads) {
  return createInMemoryClient(UploadService, createUploadService(uploads));
}

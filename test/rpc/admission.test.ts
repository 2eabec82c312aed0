import { Code, createClient, createRouterTransport } from '@connectrpc/connect';
import { describe, expect, it } from 'vitest';
import { Health } from '../../gen/grpc/health/v1/health_pb.js';
import { UploadService } from '../../gen/upload/v1/upload_service_pb.js';
import { admit } from '../../src/rpc/admit.ts';
import { authenticate } from '../../src/rpc/authenticate.ts';
import { contextOf } from '../../src/rpc/call.ts';
import { translate } from '../../src/rpc/translate.ts';
import { createValidation } from '../../src/rpc/validate.ts';
import { describeService } from '../support/described-service.ts';
import { echoUploads } from '../support/echo-uploads.ts';
import { createRecord, TOKENS, verifyByTable } from '../support/test-doors.ts';
import { createTestUploadService } from './in-memory.ts';

/** What was forgotten must be closed, not open. */
describe('admission denies by default:', () => {
  it('a method without an access rule keeps the server from starting', () => {
    expect(() => admit([describeService([{ name: 'Open' }])])).toThrow(
      'test.v1.TestService/Open has no (access.v1.access) option',
    );
  });

  it.each(['', 'uploads:creat', 'toString'])('so does the unknown scope %j', (scope) => {
    expect(() => admit([describeService([{ name: 'Open', scope }])])).toThrow(`unknown scope "${scope}"`);
  });

  it('so does the unknown action of an upload token', () => {
    const method = { name: 'Open', scope: 'uploads:create', tokenAction: 'delete' };
    expect(() => admit([describeService([method])])).toThrow('unknown token action "delete"');
  });

  it('a method that admission was not told of is refused to every key', async () => {
    const call = {
      record: createRecord(),
      authorization: TOKENS.good,
      origin: undefined,
      idempotencyKey: undefined,
      setHeader: () => {},
      hasDeadline: false,
      undecoded: [],
    };
    const service = createTestUploadService(echoUploads, {
      limiter: { take: () => undefined },
      wallClockMs: Date.now,
      validation: createValidation([UploadService]),
    });
    const transport = createRouterTransport((router) => router.service(UploadService, service), {
      router: {
        interceptors: [
          (next) => (request) => next({ ...request, contextValues: contextOf(call) }),
          translate,
          authenticate(verifyByTable),
          admit([describeService([{ name: 'Other', scope: 'uploads:create' }])]),
        ],
      },
    });
    const upload = { filename: 'a', contentType: 'b', size: 1n };
    await expect(createClient(UploadService, transport).createS3Upload(upload)).rejects.toMatchObject({
      code: Code.PermissionDenied,
    });
  });
});

describe('validation', () => {
  it('refuses to start for a stream, whose messages nothing would check', () => {
    expect(() => createValidation([Health])).toThrow('grpc.health.v1.Health/Watch is a stream');
  });
});

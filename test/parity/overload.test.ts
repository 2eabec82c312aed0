// A call that is not taken on is refused the same way over every protocol, before anything is done for it.
import { createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  Health,
  HealthCheckResponse_ServingStatus as ServingStatus,
} from '../../gen/grpc/health/v1/health_pb.js';
import { UploadService } from '../../gen/upload/v1/upload_service_pb.js';
import { createCallAdmission } from '../../src/flow/call-admission.ts';
import { openRawConnection } from '../support/raw-connection.ts';
import { systemClock } from '../support/system-clock.ts';
import { createTestDoors, TOKENS } from '../support/test-doors.ts';
import { startListeners } from '../support/test-listeners.ts';
import { createClients, type ProtocolClient } from './clients.ts';
import { type Expected, expectOutcome } from './expected.ts';

const VALID = { filename: 'a.txt', contentType: 'text/plain', size: 1n };
const OVERLOADED: Expected = {
  code: 'unavailable',
  reason: 'OVERLOADED',
  message: 'The server has more to do than it can',
  retryAfterMs: 2_500,
  hasRequestId: true,
};

const held = Promise.withResolvers<never>();
const entered = Promise.withResolvers<void>();
let verified = 0;
let listeners: Awaited<ReturnType<typeof startListeners>>;
let clients: readonly ProtocolClient[];

beforeAll(async () => {
  const admission = createCallAdmission({
    limits: { maxConcurrentCalls: 1, maxQueuedCalls: 0, maxLoopDelayMs: 0 },
    clock: systemClock,
    schedule: () => () => {},
    random: () => 0.75,
    onShed: () => {},
    onOverload: () => {},
    onRecovery: () => {},
  });
  const doors = createTestDoors({
    admission,
    verify: () => {
      verified += 1;
      entered.resolve();
      return held.promise;
    },
  });
  listeners = await startListeners(doors.listener);
  clients = createClients(listeners.http1Url, listeners.http2Url);
  // From now on the only turn is taken.
  clients[0]?.call(UploadService.method.createS3Upload, VALID, { token: TOKENS.good }).catch(() => {});
  await entered.promise;
});
afterAll(() => {
  for (const client of clients) client.close();
  listeners.stop();
});

it('says when to come back, over every protocol, and asks nobody who is calling', async () => {
  for (const client of clients) {
    const outcome = await client.call(UploadService.method.createS3Upload, VALID, { token: TOKENS.good });
    expectOutcome(outcome, OVERLOADED, client.name);
  }
  expect(verified).toBe(1);
});

it.each(['/v1/upload/s3', '/upload.v1.UploadService/CreateS3Upload'])(
  'is said at %s before the body has come',
  async (path) => {
    const connection = await openRawConnection(Number(new URL(listeners.http1Url).port));
    connection.send(
      `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{`,
    );
    expect(await connection.until('more to do than it can')).toMatch(
      /^HTTP\/1\.1 503 .*retry-after: 3\r\n/is,
    );
    connection.socket.destroy();
  },
);

it('keeps nobody from asking whether the instance is well', async () => {
  const health = createClient(Health, createGrpcTransport({ baseUrl: listeners.http2Url }));
  expect((await health.check({ service: '' })).status).toBe(ServingStatus.SERVING);
});

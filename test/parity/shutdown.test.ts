import { Code, ConnectError, createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  Health,
  HealthCheckResponse_ServingStatus as ServingStatus,
} from '../../gen/grpc/health/v1/health_pb.js';
import { ServerReflection } from '../../gen/grpc/reflection/v1/reflection_pb.js';
import { createTestDoors } from '../support/test-doors.ts';
import { startListeners } from '../support/test-listeners.ts';

let doors: ReturnType<typeof createTestDoors>;
let listeners: Awaited<ReturnType<typeof startListeners>>;

beforeEach(async () => {
  doors = createTestDoors();
  listeners = await startListeners(doors.listener);
});
afterEach(() => listeners.stop());

const transport = () => createGrpcTransport({ baseUrl: listeners.http2Url });
const shutDown = () => doors.shutdown.abort(new ConnectError('shutting down', Code.Unavailable));

describe('when the server shuts down', () => {
  it('a health watch tells of the draining, then ends', async () => {
    const seen: ServingStatus[] = [];
    for await (const { status } of createClient(Health, transport()).watch({ service: '' })) {
      seen.push(status);
      if (status === ServingStatus.SERVING) doors.health.drain();
      else shutDown();
    }
    expect(seen).toEqual([ServingStatus.SERVING, ServingStatus.NOT_SERVING]);
    await expect.poll(() => doors.records.at(-1)?.code).toBe('ok');
  });

  it('a reflection stream whose caller stays silent ends', async () => {
    const silence = Promise.withResolvers<never>();
    async function* questions() {
      yield { messageRequest: { case: 'listServices' as const, value: '' } };
      yield await silence.promise;
    }
    let answers = 0;
    for await (const _answer of createClient(ServerReflection, transport()).serverReflectionInfo(
      questions(),
    )) {
      answers += 1;
      shutDown();
    }
    expect(answers).toBe(1);
  });
});

describe('a health watch', () => {
  it('of an unknown service says so and stays open', async () => {
    const leaving = new AbortController();
    const watch = createClient(Health, transport()).watch({ service: 'no.Such' }, { signal: leaving.signal });
    await expect(
      (async () => {
        for await (const { status } of watch) {
          expect(status).toBe(ServingStatus.SERVICE_UNKNOWN);
          leaving.abort();
        }
      })(),
    ).rejects.toMatchObject({ code: Code.Canceled });
    // The caller left, which the server must notice and forget.
    await expect.poll(() => doors.records.at(-1)?.code).toBe('canceled');
  });
});

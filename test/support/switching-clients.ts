// Clients as people run them behind a load balancer: they stay on their connection for as long as it is good, and
// go to the next instance when one takes no connection any more. A request that was sent is never sent again.
import { Agent } from 'node:http';
import { type ClientHttp2Session, connect } from 'node:http2';
import { Code, ConnectError, createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { UploadService } from '../../gen/upload/v1/upload_service_pb.js';
import { type Answer, sendHttp1, sendHttp2 } from './http-requests.ts';
import { UPLOAD_PATH, uploadCall } from './upload-calls.ts';

/** Makes one call. Rejects when it was sent and got no complete answer, or another than 200. */
export type Caller = () => Promise<void>;

/** The addresses of instances, in the order in which they are to be tried. */
export interface Instances {
  urls(): readonly string[];
}

export interface SwitchingClients extends Disposable {
  readonly callers: readonly Caller[];
}

const CONNECTIONS = 4;
/** Calls at the same time on one HTTP/2 connection. */
const STREAMS = 4;

export const SWITCHING_CLIENTS = {
  'HTTP/1.1 with keep-alive': http1Clients,
  'HTTP/2': http2Clients,
  'gRPC by connect-node': grpcClients,
} as const satisfies Record<string, (instances: Instances, token: string) => SwitchingClients>;

function http1Clients(instances: Instances, token: string): SwitchingClients {
  const agents = Array.from({ length: CONNECTIONS }, () => new Agent({ keepAlive: true, maxSockets: 1 }));
  return {
    callers: agents.map((agent) => async () => {
      const answer = await onFirstThatConnects(instances, (url) =>
        sendHttp1(url + UPLOAD_PATH, uploadCall(token), agent),
      );
      assertOk(answer);
    }),
    [Symbol.dispose]: () => {
      for (const agent of agents) agent.destroy();
    },
  };
}

function http2Clients(instances: Instances, token: string): SwitchingClients {
  const connections = Array.from({ length: CONNECTIONS }, () => createHttp2Connection(instances));
  return {
    callers: connections.flatMap((connection) =>
      Array.from(
        { length: STREAMS },
        () => async () => assertOk(await untilProcessed(() => connection.send(token))),
      ),
    ),
    [Symbol.dispose]: () => {
      for (const connection of connections) connection.close();
    },
  };
}

/** One session at a time, on the first instance that takes it. */
function createHttp2Connection(instances: Instances) {
  let session: ClientHttp2Session | undefined;
  let opening: Promise<ClientHttp2Session> | undefined;

  async function usableSession(): Promise<ClientHttp2Session> {
    if (session !== undefined && !session.closed && !session.destroyed) return session;
    opening ??= onFirstThatConnects(instances, openSession).finally(() => {
      opening = undefined;
    });
    session = await opening;
    return session;
  }

  async function send(token: string): Promise<Answer> {
    const used = await usableSession();
    try {
      return await sendHttp2(used, UPLOAD_PATH, uploadCall(token));
    } catch (error) {
      if (isUnprocessed(error)) used.close();
      throw error;
    }
  }

  return { send, close: () => session?.destroy() };
}

/** Sends again what no server has seen, as gRPC clients do by themselves (transparent retries). */
async function untilProcessed<T>(call: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!isUnprocessed(error)) throw error;
    }
  }
}

/** RFC 9113 §8.7: a refused stream was not processed. After a GOAWAY, Node's own client refuses without sending. */
function isUnprocessed(error: unknown): boolean {
  if (!(error instanceof Error) || !('code' in error)) return false;
  return error.code === 'ERR_HTTP2_GOAWAY_SESSION' || error.message.includes('NGHTTP2_REFUSED_STREAM');
}

function grpcClients(instances: Instances, token: string): SwitchingClients {
  const clients = new Map<string, ReturnType<typeof createUploadClient>>();
  const clientFor = (url: string) => {
    const client = clients.get(url) ?? createUploadClient(url);
    clients.set(url, client);
    return client;
  };
  const headers = { authorization: `Bearer ${token}` };
  return {
    callers: Array.from({ length: CONNECTIONS * STREAMS }, () => async () => {
      await untilProcessed(() =>
        onFirstThatConnects(instances, (url) =>
          clientFor(url).createS3Upload({ filename: 'a', contentType: 'b', size: 1n }, { headers }),
        ),
      );
    }),
    [Symbol.dispose]: () => {},
  };
}

function createUploadClient(baseUrl: string) {
  return createClient(UploadService, createGrpcTransport({ baseUrl }));
}

async function onFirstThatConnects<T>(instances: Instances, call: (url: string) => Promise<T>): Promise<T> {
  for (const url of instances.urls()) {
    try {
      return await call(url);
    } catch (error) {
      if (!isConnectionRefused(error)) throw error;
    }
  }
  throw new Error('no instance takes connections');
}

function isConnectionRefused(error: unknown): boolean {
  if (error instanceof ConnectError)
    return error.code === Code.Unavailable && isConnectionRefused(error.cause);
  return error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED';
}

function openSession(url: string): Promise<ClientHttp2Session> {
  return new Promise((resolve, reject) => {
    const session = connect(url);
    session.once('connect', () => resolve(session));
    session.once('error', reject);
    // Streams report what breaks them.
    session.on('error', () => {});
  });
}

function assertOk({ status, body }: { readonly status: number; readonly body: string }): void {
  if (status !== 200) throw new Error(`${status} ${body}`);
  JSON.parse(body);
}

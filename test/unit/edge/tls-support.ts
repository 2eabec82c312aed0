import { once } from 'node:events';
import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2';
import { request as httpsRequest } from 'node:https';
import { text } from 'node:stream/consumers';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { tlsMaterialFrom } from '../../../src/edge/tls-material.ts';
import { createTlsServer, type TlsFailure, type TlsOptions } from '../../../src/edge/tls-server.ts';
import type { Answer } from '../../support/http-requests.ts';
import {
  issueServerCertificate,
  type TestCa,
  type TestCertificate,
} from '../../support/test-certificates.ts';
import type { TestTls } from './support.ts';

export interface TestTlsOptions extends Partial<Pick<TlsOptions, 'minVersion' | 'clientAuth'>> {
  /** The root of the server, and of its clients unless they have another one. */
  readonly ca: TestCa;
  readonly pair?: TestCertificate;
  readonly clientCa?: string;
  readonly clientCrl?: string;
}

export async function createTestTls(options: TestTlsOptions): Promise<TestTls> {
  const { ca, minVersion = 'TLSv1.2', clientAuth = 'off', clientCa = ca.cert, clientCrl } = options;
  const pair = options.pair ?? (await issueServerCertificate(ca));
  const failures: TlsFailure[] = [];
  const server = createTlsServer({
    material: tlsMaterialFrom({ ...pair, clientCa: clientAuth === 'off' ? undefined : clientCa, clientCrl }),
    minVersion,
    clientAuth,
    onFailure: (failure) => void failures.push(failure),
  });
  return { server, ca: ca.cert, failures };
}

export async function sendHttps(port: number, path: string, options: ConnectionOptions): Promise<Answer> {
  const request = httpsRequest({ host: '127.0.0.1', port, path, agent: false, ...options });
  request.end();
  const [response] = await once(request, 'response');
  return { status: response.statusCode, headers: response.headers, body: await text(response) };
}

/** A session that a test may leave to the server: its errors are the test's to look for. */
export function openHttps2(port: number, options: ConnectionOptions): ClientHttp2Session {
  const session = connectHttp2(`https://127.0.0.1:${port}`, { maxSessionMemory: 100, ...options });
  session.on('error', () => {});
  return session;
}

/** A secured connection under full control of the test. */
export async function openSecured(port: number, options: ConnectionOptions): Promise<TLSSocket> {
  const socket = connect({ host: '127.0.0.1', port, ...options });
  await once(socket, 'secureConnect');
  socket.on('error', () => {});
  return socket;
}

/** Everything that comes until the other side hangs up. */
export async function untilClosed(socket: TLSSocket): Promise<string> {
  let received = '';
  socket.on('data', (chunk) => {
    received += chunk.toString('latin1');
  });
  if (!socket.closed) await once(socket, 'close');
  return received;
}

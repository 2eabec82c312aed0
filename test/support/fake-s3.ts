import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { createObjectStorage, type S3ObjectStorage } from '../../src/s3/object-storage.ts';
import type { ObjectKey } from '../../src/uploads/upload.ts';
import { errorXml } from './s3-error-xml.ts';

export const FAKE_KEYS = {
  accessKeyId: 'FAKEKEY',
  secretAccessKey: 'fake-secret-key',
  sessionToken: 'fake-session-token',
} as const;

export const KEY = 'acme/file' as ObjectKey;

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** What answers as the test says, in place of S3, until the test is finished. Answers its address. */
export async function openFakeS3(answer: Answer): Promise<string> {
  return listening(
    createServer((request, response) => {
      // A body that nobody reads would hold the connection.
      request.resume().on('end', () => answer(request, response));
    }),
  );
}

/** The same below HTTP: told of each connection. */
export function openFakeTcp(onSocket: (socket: Socket) => void): Promise<string> {
  return listening(createTcpServer((socket) => onSocket(socket.on('error', () => {}))));
}

/** The storage under test, as a service that is given this S3 has it. */
export function storageAt(
  endpoint: string,
  changes: Partial<Parameters<typeof createObjectStorage>[0]> = {},
): S3ObjectStorage {
  const storage = createObjectStorage({
    bucket: 'uploads',
    region: 'us-east-1',
    endpoint,
    forcePathStyle: true,
    credentials: async () => FAKE_KEYS,
    ...changes,
  });
  onTestFinished(storage.close);
  return storage;
}

/** Answers every request with the error. */
export function errorAnswer(status: number, code: string, detail?: string): Answer {
  return (request, response) => {
    response.writeHead(status, { 'content-type': 'application/xml' });
    response.end(request.method === 'HEAD' ? undefined : errorXml(code, detail));
  };
}

async function listening(server: Server): Promise<string> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the fake does not listen');
  return `http://127.0.0.1:${address.port}`;
}

import { connect } from 'node:net';
import type { RequestSpec } from './load-order.ts';

/**
 * Sends the request on as many connections as calls are to be in flight, over each again as soon as it is answered, until `isOver`. Answers how many
 * were answered. It writes bytes that were put together once and reads as little as it must: an HTTP client would
 * need more CPU than the servers under test. Rejects at the first wrong answer.
 */
export async function runHttp1(
  request: RequestSpec,
  port: number,
  inFlight: number,
  isOver: () => boolean,
): Promise<number> {
  const bytes = requestBytes(request, port);
  const counts = await Promise.all(
    Array.from({ length: inFlight }, () => runConnection(bytes, request.expected, port, isOver)),
  );
  return counts.reduce((sum, count) => sum + count, 0);
}

function requestBytes({ path, headers, body }: RequestSpec, port: number): Buffer {
  const payload = Buffer.from(body, 'base64');
  const fields = { host: `127.0.0.1:${port}`, ...headers, 'content-length': String(payload.length) };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.concat([Buffer.from(`POST ${path} HTTP/1.1\r\n${lines.join('')}\r\n`), payload]);
}

function runConnection(
  request: Buffer,
  expected: string,
  port: number,
  isOver: () => boolean,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    let answer = '';
    let answered = 0;
    // Latin-1: one character is one byte, so lengths can be compared.
    socket.setEncoding('latin1');
    socket.on('connect', () => socket.write(request));
    socket.on('data', (chunk: string) => {
      answer += chunk;
      if (!isWhole(answer)) return;
      if (!isRight(answer, expected)) return void socket.destroy(new Error(`wrong answer: ${answer}`));
      answer = '';
      answered += 1;
      if (!isOver()) return void socket.write(request);
      resolve(answered);
      socket.destroy();
    });
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('the server closed a connection')));
  });
}

const CONTENT_LENGTH = /\r\ncontent-length: (\d+)\r\n/i;

/** Whether the text is a whole HTTP/1.1 answer, whose body has a length or comes in chunks. */
function isWhole(answer: string): boolean {
  const headEnd = answer.indexOf('\r\n\r\n');
  if (headEnd === -1) return false;
  const length = CONTENT_LENGTH.exec(answer)?.[1];
  if (length === undefined) return answer.endsWith('\r\n0\r\n\r\n');
  return answer.length >= headEnd + 4 + Number(length);
}

function isRight(answer: string, expected: string): boolean {
  return answer.startsWith('HTTP/1.1 200 ') && answer.includes(expected);
}

import { once } from 'node:events';
import { type ClientHttp2Session, connect } from 'node:http2';
import type { RequestSpec } from './load-order.ts';

const SESSIONS = 4;

/** Makes the unary gRPC call over 4 connections that share the calls in flight, until `isOver`. Otherwise like `runHttp1`. */
export async function runGrpc(
  request: RequestSpec,
  port: number,
  inFlight: number,
  isOver: () => boolean,
): Promise<number> {
  const sessions = Array.from({ length: SESSIONS }, () => connect(`http://127.0.0.1:${port}`));
  try {
    await Promise.all(sessions.map((session) => once(session, 'connect')));
    const counts = await Promise.all(
      sessions.flatMap((session) =>
        Array.from({ length: inFlight / SESSIONS }, () => runStreams(session, request, isOver)),
      ),
    );
    return counts.reduce((sum, count) => sum + count, 0);
  } finally {
    for (const session of sessions) session.destroy();
  }
}

function runStreams(
  session: ClientHttp2Session,
  request: RequestSpec,
  isOver: () => boolean,
): Promise<number> {
  const headers = { ':method': 'POST', ':path': request.path, ...request.headers };
  const frame = lengthPrefixed(Buffer.from(request.body, 'base64'));
  return new Promise((resolve, reject) => {
    let answered = 0;
    const call = () => {
      const stream = session.request(headers);
      const chunks: Buffer[] = [];
      let status: unknown = 'missing';
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('trailers', (trailers) => {
        status = trailers['grpc-status'];
      });
      stream.on('error', reject);
      stream.on('close', () => {
        if (status !== '0' || !holds(chunks, request.expected))
          return reject(new Error(`wrong answer: grpc-status ${status}`));
        answered += 1;
        if (isOver()) resolve(answered);
        else call();
      });
      stream.end(frame);
    };
    session.on('error', reject);
    call();
  });
}

/** gRPC's Length-Prefixed-Message: not compressed, four bytes of length, the message. */
function lengthPrefixed(message: Buffer): Buffer {
  const frame = Buffer.alloc(5 + message.length);
  frame.writeUInt32BE(message.length, 1);
  message.copy(frame, 5);
  return frame;
}

function holds(chunks: readonly Buffer[], expected: string): boolean {
  const [first] = chunks;
  return (chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks)).includes(expected);
}

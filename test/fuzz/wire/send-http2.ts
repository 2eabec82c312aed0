import type { FuzzInput } from '../input.ts';
import { type Outcome, PATIENCE_MS } from '../outcome.ts';
import { openWireClient, type WireClient } from './client.ts';
import { createHttp2Reader, statusOf } from './http2-reader.ts';
import { FLAGS, FRAMES, type Frame, frameBytes, OPENING, streamFrames } from './http2-writer.ts';

/** What may be sent on a connection before the server says that it has read some. */
const CONNECTION_WINDOW_BYTES = 65_535;

/** Sends each input as one stream of one connection. Each has to be answered or reset. */
export async function sendHttp2Streams(port: number, inputs: readonly FuzzInput[]): Promise<Outcome[]> {
  const outcomes = await exchange(port, inputs);
  for (const [i, outcome] of outcomes.entries()) {
    const input = inputs[i];
    // The connection ended before, which is no fault of those that came after; alone, it has no excuse.
    if (outcome !== undefined || input === undefined) continue;
    const [alone] = await exchange(port, [input]);
    outcomes[i] = alone ?? { statuses: [] };
  }
  return outcomes.map((outcome) => outcome ?? { statuses: [], problem: 'the stream was never sent' });
}

interface Stream {
  readonly statuses: number[];
  isOver: boolean;
}

/** Undefined for streams that were still open when the server hung up. */
async function exchange(port: number, inputs: readonly FuzzInput[]): Promise<(Outcome | undefined)[]> {
  const client = openWireClient(port);
  const streams = inputs.map((): Stream => ({ statuses: [], isOver: false }));
  const reader = createHttp2Reader();
  let window = CONNECTION_WINDOW_BYTES;
  let sent = 0;
  let problem: string | undefined;
  client.socket.write(OPENING);
  for (;;) {
    for (let next = inputs[sent]; next !== undefined; next = inputs[sent]) {
      const [block = Buffer.alloc(0), body = Buffer.alloc(0)] = next.pieces;
      if (body.length > window) break;
      window -= body.length;
      client.socket.write(streamFrames(sent * 2 + 1, block, body));
      sent += 1;
    }
    const event = await client.next(PATIENCE_MS);
    for (const frame of event === 'data' ? reader.read(client.take()) : [])
      window += take(frame, streams, client);
    if (event === 'silence') problem = `neither answered nor closed within ${PATIENCE_MS} ms`;
    if (event !== 'data' || streams.every(({ isOver }) => isOver)) break;
  }
  client.socket.destroy();
  return streams.map(({ statuses, isOver }) => {
    if (isOver) return { statuses };
    return problem === undefined ? undefined : { statuses, problem };
  });
}

/** Notes what the frame says, and answers by how many bytes the connection's window grows. */
function take(frame: Frame, streams: readonly Stream[], client: WireClient): number {
  const stream = streams[(frame.streamId - 1) / 2];
  if (frame.type === FRAMES.windowUpdate && frame.streamId === 0)
    return Buffer.from(frame.payload).readUInt32BE() & 0x7fffffff;
  if (frame.type === FRAMES.settings && !(frame.flags & FLAGS.ack))
    client.socket.write(
      frameBytes({ type: FRAMES.settings, flags: FLAGS.ack, streamId: 0, payload: Buffer.alloc(0) }),
    );
  if (stream === undefined) return 0;
  const status = statusOf(frame);
  if (status !== undefined) stream.statuses.push(status);
  const hasEnd = frame.type === FRAMES.headers || frame.type === FRAMES.data;
  if (frame.type === FRAMES.reset || (hasEnd && (frame.flags & FLAGS.endStream) !== 0)) stream.isOver = true;
  return 0;
}

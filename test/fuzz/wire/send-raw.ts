import { setImmediate as tick } from 'node:timers/promises';
import type { FuzzInput } from '../input.ts';
import { type Outcome, PATIENCE_MS, QUIET_MS } from '../outcome.ts';
import { openWireClient } from './client.ts';
import { parseAnswers } from './http1-answers.ts';
import { createHttp2Reader, statusOf } from './http2-reader.ts';
import { answersAllowed, readStrictly } from './strict-http1.ts';

/** Sends the bytes on a connection of their own, hangs up when nothing more comes, and waits until the server has, too. */
export async function sendRaw(port: number, input: FuzzInput): Promise<Outcome> {
  const client = openWireClient(port);
  const received: Buffer[] = [];
  for (const piece of input.pieces) {
    client.socket.write(piece);
    await tick();
  }
  let hasHungUp = false;
  for (;;) {
    const event = await client.next(hasHungUp ? PATIENCE_MS : QUIET_MS);
    if (event === 'data') received.push(client.take());
    else if (event === 'closed') break;
    else if (!hasHungUp) {
      hasHungUp = true;
      client.socket.end();
    } else {
      client.socket.destroy();
      return { statuses: [], problem: `did not hang up within ${PATIENCE_MS} ms after its client had` };
    }
  }
  const answers = Buffer.concat(received);
  return input.channel === 'http2-raw' ? judgeHttp2(answers) : judgeHttp1(answers, input);
}

function judgeHttp2(answers: Buffer): Outcome {
  // What begins like HTTP/2 and is none gets the answer of HTTP/1.1.
  if (answers.subarray(0, 5).toString('latin1') === 'HTTP/') return { statuses: [] };
  const statuses = createHttp2Reader().read(answers).map(statusOf);
  return { statuses: statuses.filter((status) => status !== undefined) };
}

function judgeHttp1(answers: Buffer, { pieces }: FuzzInput): Outcome {
  const reading = readStrictly(Buffer.concat(pieces));
  const parsed = parseAnswers(
    answers,
    reading.requests.map(({ method }) => method),
    true,
  );
  const statuses = parsed.answers.map(({ status }) => status);
  const allowed = answersAllowed(reading);
  if (parsed.nonsense !== undefined)
    return { statuses, problem: `an answer that is no HTTP: ${parsed.nonsense}` };
  if (statuses.length > allowed)
    return {
      statuses,
      problem: `${statuses.length} answers (${statuses}) where strict parsing allows ${allowed}`,
    };
  return { statuses };
}

import type { FuzzInput } from '../input.ts';
import { type Outcome, PATIENCE_MS } from '../outcome.ts';
import { openWireClient } from './client.ts';
import { parseAnswers } from './http1-answers.ts';

/** Sends requests of good framing in a row. Each has to be answered, if need be on a connection of its own. */
export async function sendHttp1InARow(port: number, inputs: readonly FuzzInput[]): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  while (outcomes.length < inputs.length) {
    const answered = await exchange(port, inputs.slice(outcomes.length));
    outcomes.push(...answered);
    if (answered.length > 0) continue;
    const next = inputs[outcomes.length];
    if (next === undefined) break;
    // A hang-up can swallow an answer that stands behind others; alone, it has no excuse.
    const [alone] = await exchange(port, [next]);
    outcomes.push(alone ?? { statuses: [], problem: 'the connection was closed without an answer' });
  }
  return outcomes;
}

/** The outcomes of the first inputs, up to where the server hung up. */
async function exchange(port: number, inputs: readonly FuzzInput[]): Promise<Outcome[]> {
  const methods = inputs.map(({ pieces: [head] }) => methodOf(head));
  const client = openWireClient(port);
  client.socket.write(Buffer.concat(inputs.flatMap(({ pieces }) => pieces)));
  let received: Buffer = Buffer.alloc(0);
  let outcomes: Outcome[] = [];
  let known = 0;
  for (;;) {
    const event = await client.next(PATIENCE_MS);
    if (event === 'data') received = Buffer.concat([received, client.take()]);
    const parsed = parseAnswers(received, methods.slice(known), event === 'closed');
    outcomes = [...outcomes, ...parsed.answers.map(({ status }) => ({ statuses: [status] }))];
    known = outcomes.length;
    received = received.subarray(received.length - parsed.rest);
    const problem = problemOf(parsed.nonsense, known - inputs.length, event);
    if (problem !== undefined)
      outcomes = [...outcomes.slice(0, inputs.length - 1), { statuses: [], problem }];
    if (problem !== undefined || event === 'closed' || known === inputs.length) break;
  }
  client.socket.destroy();
  return outcomes;
}

function problemOf(nonsense: string | undefined, surplus: number, event: string): string | undefined {
  if (nonsense !== undefined) return `an answer that is no HTTP: ${nonsense}`;
  if (surplus > 0) return `${surplus} answers more than requests`;
  return event === 'silence' ? `neither answered nor closed within ${PATIENCE_MS} ms` : undefined;
}

function methodOf(head: Uint8Array | undefined): string {
  const text = Buffer.from(head?.subarray(0, 16) ?? []).toString('latin1');
  return text.slice(0, text.indexOf(' '));
}

// Questions and answers between two processes, in both directions.
import { type Schedule, withTimeout } from '../keys/clock.ts';

/** By the names of the questions. */
export type Answers = Readonly<Record<string, (...args: never[]) => Promise<unknown>>>;

export type ExchangeMessage =
  | { readonly type: 'ask'; readonly id: number; readonly name: string; readonly args: readonly unknown[] }
  | { readonly type: 'answer'; readonly id: number; readonly answer: unknown }
  /** The reason stays where it happened. */
  | { readonly type: 'failed'; readonly id: number };

export interface Exchange<Theirs extends Answers> {
  /** Rejects when the answer does not come in time, or the other side cannot give one. */
  ask<Name extends keyof Theirs & string>(
    name: Name,
    ...args: Parameters<Theirs[Name]>
  ): Promise<Awaited<ReturnType<Theirs[Name]>>>;
  receive(message: ExchangeMessage): void;
  /** Rejects what is waiting for an answer: the other side is gone. */
  close(): void;
}

export interface ExchangeDeps<Mine extends Answers> {
  /** Whoever cannot be reached does not answer; must not throw. */
  readonly send: (message: ExchangeMessage) => void;
  readonly answers: Mine;
  readonly schedule: Schedule;
  /** How long each question may take. */
  readonly timeoutMs: number | ((name: string) => number);
}

export function createExchange<Mine extends Answers, Theirs extends Answers>(
  deps: ExchangeDeps<Mine>,
): Exchange<Theirs> {
  const { send, answers, schedule, timeoutMs } = deps;
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  let lastId = 0;
  let closed = false;

  function give({ id, name, args }: Extract<ExchangeMessage, { type: 'ask' }>): void {
    const find = async () => {
      const answer: ((...args: never[]) => Promise<unknown>) | undefined = answers[name];
      if (answer === undefined) throw new Error(`nobody answers ${name}`);
      return answer(...(args as never[]));
    };
    find().then(
      (answer) => send({ type: 'answer', id, answer }),
      () => send({ type: 'failed', id }),
    );
  }

  return {
    ask(name, ...args) {
      const pending = Promise.withResolvers<unknown>();
      const id = ++lastId;
      const late = () => new Error(`${name} was not answered in time`);
      if (closed) pending.reject(new Error('the other side is gone'));
      else {
        waiting.set(id, pending);
        send({ type: 'ask', id, name, args });
      }
      const withinMs = typeof timeoutMs === 'number' ? timeoutMs : timeoutMs(name);
      const answer = withTimeout(pending.promise, withinMs, schedule, late);
      return answer.finally(() => waiting.delete(id)) as ReturnType<typeof this.ask>;
    },
    receive(message) {
      if (message.type === 'ask') give(message);
      else if (message.type === 'answer') waiting.get(message.id)?.resolve(message.answer);
      else waiting.get(message.id)?.reject(new Error('the other side could not answer'));
    },
    close() {
      closed = true;
      for (const { reject } of waiting.values()) reject(new Error('the other side is gone'));
    },
  };
}

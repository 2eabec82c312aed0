import { expect, it } from 'vitest';
import { createExchange, type ExchangeMessage } from '../../../src/workers/exchange.ts';
import { createManualClock } from '../../support/manual-clock.ts';

type Theirs = { readonly double: (n: number) => Promise<number>; readonly fail: () => Promise<never> };

function setUp() {
  const time = createManualClock();
  const lost: ExchangeMessage[] = [];
  let connected = true;
  const other = createExchange({
    send: (message) => mine.receive(message),
    answers: {
      double: async (n: number) => 2 * n,
      fail: async () => Promise.reject(new Error('a secret cause')),
    },
    schedule: time.schedule,
    timeoutMs: 100,
  });
  const mine = createExchange<Record<string, never>, Theirs>({
    send: (message) => (connected ? other.receive(message) : lost.push(message)),
    answers: {},
    schedule: time.schedule,
    timeoutMs: 100,
  });
  return { time, mine, other, lost, cut: () => (connected = false) };
}

it('answers every question to the one who asked it', async () => {
  const { mine } = setUp();
  expect(await Promise.all([mine.ask('double', 1), mine.ask('double', 2)])).toEqual([2, 4]);
});

it('rejects what the other side could not answer, and keeps the cause there', async () => {
  const { mine } = setUp();
  await expect(mine.ask('fail')).rejects.toThrow(/^the other side could not answer$/);
});

it('rejects at once what nobody can answer any more', async () => {
  const { mine, lost, cut } = setUp();
  cut();
  const asked = mine.ask('double', 1);
  mine.close();
  await expect(asked).rejects.toThrow('the other side is gone');
  await expect(mine.ask('double', 2)).rejects.toThrow('the other side is gone');
  expect(lost).toHaveLength(1);
});

it('rejects what is not answered in time, and takes no harm from the answer after', async () => {
  const { time, mine, cut } = setUp();
  cut();
  const asked = expect(mine.ask('double', 1)).rejects.toThrow('not answered in time');
  await time.advance(200);
  await asked;
  mine.receive({ type: 'answer', id: 1, answer: 2 });
});

import { expect, it } from 'vitest';
import { watchHeartbeat } from '../../../src/workers/heartbeat.ts';
import { createManualClock } from '../../support/manual-clock.ts';

const TIMEOUT_MS = 10_000;

/** A worker that is asked, and answers when the test says so. */
function watched() {
  const clock = createManualClock();
  const questions: PromiseWithResolvers<void>[] = [];
  const silent: number[] = [];
  let lateMs = 0;
  const stop = watchHeartbeat({
    ask: () => {
      const question = Promise.withResolvers<void>();
      questions.push(question);
      return question.promise;
    },
    clock,
    schedule: (delayMs, callback) => clock.schedule(delayMs + lateMs, callback),
    timeoutMs: TIMEOUT_MS,
    onSilent: (silentMs) => void silent.push(silentMs),
  });
  return {
    clock,
    questions,
    silent,
    stop,
    answer: () => questions.at(-1)?.resolve(),
    haveTimersLate: (ms: number) => {
      lateMs = ms;
    },
  };
}

it('asks one question at a time, and the next one a moment after its answer', async () => {
  const { clock, questions, silent, answer } = watched();
  expect(questions).toHaveLength(1);
  await clock.advance(4_000);
  expect(questions).toHaveLength(1);
  for (let beat = 0; beat < 20; beat += 1) {
    answer();
    await clock.advance(2_000);
  }
  expect(questions).toHaveLength(21);
  expect(silent).toEqual([]);
});

it('tells once of what has not answered for the whole time, and asks no more', async () => {
  const { clock, questions, silent, answer } = watched();
  answer();
  await clock.advance(2_000);
  await clock.advance(9_999);
  expect(silent).toEqual([]);
  await clock.advance(1);
  expect(silent).toEqual([10_000]);
  await clock.advance(60_000);
  expect(silent).toEqual([10_000]);
  expect(questions).toHaveLength(2);
});

it('takes an answer at the last moment', async () => {
  const { clock, silent, answer } = watched();
  await clock.advance(9_999);
  answer();
  await clock.advance(5_000);
  expect(silent).toEqual([]);
});

it('counts no time in which the timers here were late, as those there are then', async () => {
  const { clock, silent, haveTimersLate } = watched();
  haveTimersLate(1_500);
  await clock.advance(120_000);
  expect(silent).toEqual([]);
  haveTimersLate(0);
  await clock.advance(15_000);
  expect(silent).toEqual([10_000]);
});

it('does not take a question that was given up for an answer', async () => {
  const { clock, questions, silent } = watched();
  await clock.advance(4_000);
  questions[0]?.reject(new Error('given up'));
  await clock.advance(6_000);
  expect(questions).toHaveLength(2);
  expect(silent).toEqual([]);
  await clock.advance(2_000);
  expect(silent).toEqual([10_000]);
});

it('asks nothing once it is ended', async () => {
  const { clock, questions, silent, answer, stop } = watched();
  stop();
  answer();
  await clock.advance(60_000);
  expect(questions).toHaveLength(1);
  expect(silent).toEqual([]);
});

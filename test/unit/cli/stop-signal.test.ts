import { EventEmitter } from 'node:events';
import { expect, it } from 'vitest';
import { createStopSignal } from '../../../src/cli/stop-signal.ts';

function setUp() {
  const signals = new EventEmitter();
  const deaths: string[] = [];
  const time = { nowMs: 1_000 };
  const stop = createStopSignal({
    on: (name, listener) => signals.on(name, listener),
    clock: () => time.nowMs,
    die: (name) => void deaths.push(name),
  });
  return { signals, deaths, time, stop };
}

it('stops at the first signal', () => {
  const { signals, deaths, stop } = setUp();
  expect(stop.aborted).toBe(false);
  signals.emit('SIGTERM');
  expect(stop).toMatchObject({ aborted: true, reason: 'SIGTERM' });
  expect(deaths).toEqual([]);
});

it('takes the same key press, handed on by npm, for one', () => {
  const { signals, deaths, time } = setUp();
  signals.emit('SIGINT');
  time.nowMs += 499;
  signals.emit('SIGINT');
  expect(deaths).toEqual([]);
});

it.each(['SIGINT', 'SIGTERM'])(
  'ends at once at a second signal, though another than the first: %s',
  (name) => {
    const { signals, deaths, time } = setUp();
    signals.emit('SIGINT');
    time.nowMs += 500;
    signals.emit(name);
    expect(deaths).toEqual([name]);
  },
);

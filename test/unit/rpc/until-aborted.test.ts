import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { untilAborted } from '../../../src/rpc/until-aborted.ts';

async function* endless(seen: (message: object) => void = () => {}): AsyncGenerator<object> {
  for (;;) {
    const message = {};
    seen(message);
    yield message;
  }
}

describe('untilAborted', () => {
  it('ends at the abort, also while it waits for a message', async () => {
    const abort = new AbortController();
    const silent = { [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}) }) };
    const ended = untilAborted(silent, abort.signal).next();
    abort.abort();
    expect(await ended).toEqual({ done: true, value: undefined });
    expect(await untilAborted(endless(), abort.signal).next()).toEqual({ done: true, value: undefined });
  });

  it('fails as the messages fail', async () => {
    const broken = { [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new Error('cut')) }) };
    await expect(untilAborted(broken, new AbortController().signal).next()).rejects.toThrow('cut');
  });

  /** Anyone may keep a reflection stream open and ask without end. */
  it('keeps no message that has passed', async () => {
    setFlagsFromString('--expose-gc');
    const collectGarbage: () => void = runInNewContext('gc');
    const passed: WeakRef<object>[] = [];
    const messages = untilAborted(
      endless((message) => passed.push(new WeakRef(message))),
      new AbortController().signal,
    );
    for (let n = 0; n < 3; n += 1) await messages.next();
    // A reference that was just made is strong until the current job ends.
    await setImmediate();
    collectGarbage();
    expect(passed[0]?.deref()).toBeUndefined();
    await messages.return(undefined);
  });
});

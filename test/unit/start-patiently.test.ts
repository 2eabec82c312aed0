import { describe, expect, it } from 'vitest';
import { Fault } from '../../src/fault/fault.ts';
import { startPatiently } from '../../src/start-patiently.ts';

/** Fails with each of these, then answers how often it was asked. */
function failing(...failures: readonly unknown[]): () => Promise<number> {
  let asked = 0;
  return async () => {
    const failure = failures[asked++];
    if (failure !== undefined) throw failure;
    return asked;
  };
}

describe('startPatiently', () => {
  const away = () => new Fault('STORE_UNAVAILABLE');

  it('asks again where the store does not answer', async () => {
    expect(await startPatiently(failing(away(), away()))).toBe(3);
  });

  it('ends with a failure of another kind at once', async () => {
    const ask = failing(new Error('a pepper is too short'));
    await expect(startPatiently(ask)).rejects.toThrow('a pepper is too short');
    expect(await ask()).toBe(2);
  });

  it('gives up on a store that stays away, with the last failure', async () => {
    const last = away();
    await expect(startPatiently(failing(...Array.from({ length: 9 }, away), last))).rejects.toBe(last);
  });
});

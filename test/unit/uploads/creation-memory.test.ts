import { describe, expect, it } from 'vitest';
import { createMemoryCreationMemory } from '../../../src/uploads/creation-memory.ts';
import { createManualClock } from '../../support/manual-clock.ts';

const DAY_MS = 86_400_000;

function memoryOf(bounds: { maxEntries?: number; maxChars?: number } = {}) {
  const clock = createManualClock();
  return { clock, ...createMemoryCreationMemory({ clock, ...bounds }) };
}

describe('the creation memory of one instance', () => {
  it('keeps a value for exactly its life', async () => {
    const { clock, remember, recall } = memoryOf();
    await remember('name', 'first', 1_000);
    await clock.advance(999);
    expect(await remember('name', 'second', 1_000)).toBe('first');
    await clock.advance(2);
    expect(await recall('name')).toBeUndefined();
    expect(await remember('name', 'second', 1_000)).toBe('second');
  });

  it('does not keep a value longer because it was asked for', async () => {
    const { clock, remember, recall } = memoryOf();
    await remember('name', 'first', 1_000);
    for (let n = 0; n < 3; n++) {
      await clock.advance(400);
      await recall('name');
    }
    expect(await recall('name')).toBeUndefined();
  });

  it('keeps nothing for longer than thirty days', async () => {
    const { clock, remember, recall } = memoryOf();
    await remember('name', 'first', Number.POSITIVE_INFINITY);
    await clock.advance(30 * DAY_MS - 1);
    expect(await recall('name')).toBe('first');
    await clock.advance(2);
    expect(await recall('name')).toBeUndefined();
  });

  it('forgets what rested longest beyond so many names', async () => {
    const { remember, recall } = memoryOf({ maxEntries: 3 });
    for (const name of ['a', 'b', 'c', 'd']) await remember(name, name, DAY_MS);
    expect(await recall('a')).toBeUndefined();
    expect(await recall('b')).toBe('b');
  });

  it('forgets what rested longest beyond so much text', async () => {
    const { remember, recall } = memoryOf({ maxChars: 100 });
    for (const name of ['a', 'b', 'c']) await remember(name, 'x'.repeat(40), DAY_MS);
    expect(await recall('a')).toBeUndefined();
    expect(await recall('c')).toBe('x'.repeat(40));
  });

  it('answers with a value that is too long to be kept', async () => {
    const { remember } = memoryOf({ maxChars: 100 });
    const long = 'x'.repeat(200);
    expect(await remember('name', long, DAY_MS)).toBe(long);
  });
});

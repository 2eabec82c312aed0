import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { CreationMemory } from '../../src/uploads/ports.ts';

/** A memory that nobody used yet. Every client that connects shares it with the others. */
export interface CreationMemoryPlace {
  connect(): Promise<CreationMemory>;
  remove(): Promise<void>;
}

const TTL_MS = 60_000;

/** What holds for every CreationMemory that instances share. */
export function describeCreationMemory(name: string, makePlace: () => Promise<CreationMemoryPlace>): void {
  describe(`creation memory: ${name}`, () => {
    let place: CreationMemoryPlace;
    let one: CreationMemory;
    let other: CreationMemory;

    beforeEach(async () => {
      place = await makePlace();
      [one, other] = await Promise.all([place.connect(), place.connect()]);
    });
    afterEach(() => place.remove());

    it('answers everyone with what was remembered first', async () => {
      expect(await one.remember('name', 'first', TTL_MS)).toBe('first');
      expect(await other.remember('name', 'second', TTL_MS)).toBe('first');
      expect(await one.remember('name', 'third', TTL_MS)).toBe('first');
      expect(await other.recall('name')).toBe('first');
    });

    it('has one answer for a name, however many come at once', async () => {
      const answers = await Promise.all(
        Array.from({ length: 40 }, (_, n) =>
          (n % 2 === 0 ? one : other).remember('name', `value ${n}`, TTL_MS),
        ),
      );
      expect(new Set(answers).size).toBe(1);
      expect(answers[0]).toMatch(/^value \d+$/);
    });

    it('answers with the value that replaced another, or none', async () => {
      await one.remember('name', 'first', TTL_MS);
      await other.replace('name', 'second', TTL_MS);
      expect(await one.recall('name')).toBe('second');
      expect(await one.remember('name', 'third', TTL_MS)).toBe('second');
      await one.replace('new name', 'only', TTL_MS);
      expect(await other.recall('new name')).toBe('only');
    });

    it('knows nothing of a name that nobody remembered', async () => {
      expect(await one.recall('name')).toBeUndefined();
    });

    it('keeps names apart', async () => {
      await one.remember('name', 'first', TTL_MS);
      expect(await one.remember('Name', 'second', TTL_MS)).toBe('second');
      expect(await one.remember('', 'third', TTL_MS)).toBe('third');
      expect(await one.remember('name|', 'fourth', TTL_MS)).toBe('fourth');
    });

    it.each(['', '|', '0|x|', '{"a":"ü\u0000😀"}', 'x'.repeat(4_096)])(
      'gives %j back as it was',
      async (value) => {
        expect(await one.remember('name', value, TTL_MS)).toBe(value);
        expect(await other.recall('name')).toBe(value);
      },
    );

    it('forgets a value when its life is over, and no earlier', async () => {
      await one.remember('short', 'first', 100);
      await one.remember('long', 'first', TTL_MS);
      await vi.waitFor(async () => expect(await other.recall('short')).toBeUndefined());
      expect(await other.remember('short', 'second', TTL_MS)).toBe('second');
      expect(await other.recall('long')).toBe('first');
    });

    it('takes a life of less than a millisecond, which is over soon', async () => {
      await one.remember('name', 'first', 0.2);
      await one.replace('other', 'first', -5);
      await vi.waitFor(async () => expect(await one.recall('name')).toBeUndefined());
      await vi.waitFor(async () => expect(await one.recall('other')).toBeUndefined());
    });
  });
}

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCircuitBreaker } from '../../../src/keys/circuit-breaker.ts';
import { createMemoryCreationMemory } from '../../../src/uploads/creation-memory.ts';
import type { CreationMemory } from '../../../src/uploads/ports.ts';
import { createSharedCreationMemory } from '../../../src/uploads/shared-creation-memory.ts';
import { createManualClock } from '../../support/manual-clock.ts';

const FAILURES = 3;
const TTL_MS = 60_000;

/** What is shared, and what can become of it. */
function createServer(clock: { monotonicMs(): number }) {
  let memory = createMemoryCreationMemory({ clock });
  let calls = 0;
  let spoilt: 'down' | 'lost' | 'none' = 'none';
  async function reach<T>(work: (memory: CreationMemory) => Promise<T>): Promise<T> {
    calls++;
    if (spoilt === 'down') throw new Error('the memory is down');
    const answer = await work(memory);
    if (spoilt === 'lost') throw new Error('the answer is lost');
    return answer;
  }
  const server = {
    /** `down`: nothing comes through. `lost`: what is asked is done, but nobody hears of it. */
    spoil: (how: 'down' | 'lost' | 'none') => {
      spoilt = how;
    },
    flush: () => {
      memory = createMemoryCreationMemory({ clock });
    },
    calls: () => calls,
    memory: {
      remember: (...args) => reach((shared) => shared.remember(...args)),
      replace: (...args) => reach((shared) => shared.replace(...args)),
      recall: (name) => reach((shared) => shared.recall(name)),
    } satisfies CreationMemory,
  };
  return server;
}

function fleet() {
  const clock = createManualClock();
  const server = createServer(clock);
  const insured: unknown[] = [];
  const instance = () =>
    createSharedCreationMemory({
      shared: server.memory,
      guard: createCircuitBreaker({ clock, random: () => 0, failures: FAILURES, openMs: 500 }),
      clock,
      onInsurance: (error) => insured.push(error),
    });
  return { clock, server, insured, one: instance(), other: instance() };
}

const remember = (memory: CreationMemory, value: string) => memory.remember('name', value, TTL_MS);

describe('the creation memory of several instances', () => {
  it('has one answer for a name that comes to all of them at once', async () => {
    const { one, other, insured } = fleet();
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) => remember(n % 2 === 0 ? one : other, `value ${n}`)),
    );
    expect(new Set(answers).size).toBe(1);
    expect(insured).toEqual([]);
  });

  it('tells everyone of what replaced a value, also those who knew the former one', async () => {
    const { one, other } = fleet();
    await remember(one, 'begun');
    expect(await remember(other, 'other')).toBe('begun');
    await one.replace('name', 'done', TTL_MS);
    expect(await other.recall('name')).toBe('done');
    expect(await remember(other, 'other')).toBe('done');
    await other.replace('name', 'done again', TTL_MS);
    expect(await remember(one, 'one')).toBe('done again');
  });

  it('forgets a value when its life is over', async () => {
    const { one, other, clock } = fleet();
    await remember(one, 'first');
    await clock.advance(TTL_MS + 1);
    expect(await one.recall('name')).toBeUndefined();
    expect(await remember(other, 'second')).toBe('second');
    expect(await remember(one, 'third')).toBe('second');
  });

  it('does not let a value live longer because instances hand it on to each other', async () => {
    const { one, other, server, clock } = fleet();
    await remember(one, 'first');
    for (let n = 0; n < 5; n++) {
      await clock.advance(TTL_MS / 6);
      expect(await remember(n % 2 === 0 ? other : one, 'second')).toBe('first');
      if (n === 3) server.flush();
    }
    await clock.advance(TTL_MS / 6 + 1);
    expect(await other.recall('name')).toBeUndefined();
    expect(await remember(other, 'second')).toBe('second');
    expect(await remember(one, 'third')).toBe('second');
  });

  it('gives values with any character back as they were', async () => {
    const { one, other } = fleet();
    expect(await remember(one, '|1|{"a":"|"}')).toBe('|1|{"a":"|"}');
    expect(await other.recall('name')).toBe('|1|{"a":"|"}');
  });
});

describe('the creation memory of an instance that is cut off', () => {
  it('answers by itself, always the same', async () => {
    const { one, server, insured } = fleet();
    server.spoil('down');
    expect(await remember(one, 'first')).toBe('first');
    expect(await remember(one, 'second')).toBe('first');
    await one.replace('name', 'third', TTL_MS);
    expect(await one.recall('name')).toBe('third');
    expect(await one.recall('other')).toBeUndefined();
    expect(insured).toHaveLength(5);
  });

  it('goes on with what it had heard before', async () => {
    const { one, other, server } = fleet();
    await remember(one, 'first');
    await remember(other, 'second');
    server.spoil('down');
    expect(await remember(other, 'third')).toBe('first');
    expect(await other.recall('name')).toBe('first');
  });

  it('keeps its answer when others have another one meanwhile', async () => {
    const { one, other, server } = fleet();
    server.spoil('down');
    await remember(one, 'mine');
    server.spoil('none');
    await remember(other, 'theirs');
    expect(await remember(one, 'third')).toBe('mine');
    expect(await one.recall('name')).toBe('mine');
    expect(await remember(other, 'fourth')).toBe('theirs');
  });

  it('tells the others of its answer when it can', async () => {
    const { one, other, server } = fleet();
    server.spoil('down');
    await remember(one, 'first');
    server.spoil('none');
    expect(await remember(one, 'second')).toBe('first');
    expect(await remember(other, 'third')).toBe('first');
  });

  it('tells the others of a replacement when it can', async () => {
    const { one, other, server, clock } = fleet();
    await remember(one, 'begun');
    server.spoil('down');
    await one.replace('name', 'done', TTL_MS);
    server.spoil('none');
    expect(await remember(other, 'other')).toBe('begun');
    expect(await one.recall('name')).toBe('done');
    await clock.advance(0);
    expect(await remember(other, 'other')).toBe('done');
  });

  it('asks only now and then, and answers meanwhile', async () => {
    const { one, server, clock, insured } = fleet();
    server.spoil('down');
    for (let n = 0; n < 20; n++) await one.remember(`name ${n}`, 'value', TTL_MS);
    expect(server.calls()).toBe(FAILURES);
    expect(insured.filter((error) => error !== undefined)).toHaveLength(FAILURES);
    server.spoil('none');
    await clock.advance(500);
    expect(await remember(one, 'value')).toBe('value');
    await clock.advance(0);
    const { length } = insured;
    await remember(one, 'value');
    expect(insured).toHaveLength(length);
  });
});

describe('the creation memory of instances whose shared one is wiped', () => {
  it('is restored by those who remember', async () => {
    const { one, other, server, clock } = fleet();
    await remember(one, 'first');
    server.flush();
    expect(await one.recall('name')).toBe('first');
    await clock.advance(0);
    expect(await remember(other, 'second')).toBe('first');
  });

  it('never makes an instance contradict itself, whatever happens', async () => {
    const happening = fc.constantFrom('one', 'one', 'other', 'other', 'down', 'up', 'flush', 'lost', 'wait');
    await fc.assert(
      fc.asyncProperty(fc.array(happening, { maxLength: 60 }), async (happenings) => {
        const { one, other, server, clock } = fleet();
        const answers = { one: [] as Promise<string>[], other: [] as Promise<string>[] };
        const acts: Readonly<Record<string, (n: number) => unknown>> = {
          one: (n) => answers.one.push(remember(one, `value ${n}`)),
          other: (n) => answers.other.push(remember(other, `value ${n}`)),
          down: () => server.spoil('down'),
          up: () => server.spoil('none'),
          lost: () => server.spoil('lost'),
          flush: server.flush,
          wait: () => clock.advance(200),
        };
        for (const [n, each] of happenings.entries()) await acts[each]?.(n);
        for (const each of [answers.one, answers.other]) {
          expect(new Set(await Promise.all(each)).size).toBeLessThanOrEqual(1);
        }
      }),
    );
  });
});

import { expect, it } from 'vitest';
import { createGate } from '../../../src/workers/gate.ts';

function setUp(...names: string[]) {
  const here = new Set(names);
  const gate = createGate(here);
  const through: string[] = [];
  return {
    through,
    arrive: (name: string) => void gate.arrive(name).then(() => through.push(name)),
    leave: (name: string) => {
      here.delete(name);
      gate.left(name);
    },
  };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

it('lets everybody through when the last one has arrived', async () => {
  const { through, arrive } = setUp('a', 'b');
  arrive('a');
  await settled();
  expect(through).toEqual([]);
  arrive('b');
  await settled();
  expect(through).toEqual(['a', 'b']);
});

it('does not wait for those who are gone', async () => {
  const { through, arrive, leave } = setUp('a', 'b');
  arrive('a');
  leave('b');
  await settled();
  expect(through).toEqual(['a']);
});

it('is closed again behind those who went through, and when nobody waited', async () => {
  const { through, arrive, leave } = setUp('a', 'b', 'c');
  leave('c');
  for (const name of ['a', 'b', 'a']) arrive(name);
  await settled();
  expect(through).toEqual(['a', 'b']);
});

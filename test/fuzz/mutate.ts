import type { Chance } from './chance.ts';

/** Bytes that mean something to some parser on the way. */
const TELLING = [0x00, 0x09, 0x0a, 0x0d, 0x20, 0x25, 0x2c, 0x2e, 0x2f, 0x3a, 0x3b, 0x7f, 0x80, 0xc0, 0xff];

type Mutation = (bytes: Buffer, chance: Chance) => Buffer;

const MUTATIONS: readonly Mutation[] = [
  // One bit is another one.
  (bytes, chance) => {
    const changed = Buffer.from(bytes);
    const at = chance.below(bytes.length);
    changed[at] = (changed[at] ?? 0) ^ (1 << chance.below(8));
    return changed;
  },
  // A byte that means something takes the place of another one, or comes in between.
  (bytes, chance) => {
    const at = chance.below(bytes.length);
    const behind = at + chance.below(2);
    return Buffer.concat([bytes.subarray(0, at), Buffer.of(chance.pick(TELLING)), bytes.subarray(behind)]);
  },
  // The end is missing.
  (bytes, chance) => bytes.subarray(0, chance.below(bytes.length)),
  // A slice is missing, or there twice.
  (bytes, chance) => {
    const [from, to] = slice(bytes, chance);
    return chance.happens(0.5)
      ? Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)])
      : Buffer.concat([bytes.subarray(0, to), bytes.subarray(from)]);
  },
  // A slice is noise.
  (bytes, chance) => {
    const [from, to] = slice(bytes, chance);
    return Buffer.concat([bytes.subarray(0, from), chance.bytes(to - from), bytes.subarray(to)]);
  },
];

/** The bytes with 1 to `most` changes. */
export function mutate(bytes: Uint8Array, chance: Chance, most = 3): Buffer {
  let changed = Buffer.from(bytes);
  for (let count = 1 + chance.below(most); count > 0 && changed.length > 0; count--)
    changed = Buffer.from(chance.pick(MUTATIONS)(changed, chance));
  return changed;
}

/** The bytes in up to `most` pieces. */
export function split(bytes: Buffer, chance: Chance, most = 4): Buffer[] {
  const cuts = Array.from({ length: chance.below(most) }, () => chance.below(bytes.length + 1));
  const ends = [...cuts, bytes.length].toSorted((a, b) => a - b);
  return ends.map((end, i) => bytes.subarray(ends[i - 1] ?? 0, end)).filter(({ length }) => length > 0);
}

function slice(bytes: Buffer, chance: Chance): [from: number, to: number] {
  const from = chance.below(bytes.length);
  return [from, Math.min(bytes.length, from + 1 + chance.below(32))];
}

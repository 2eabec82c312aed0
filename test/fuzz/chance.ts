/** All the randomness of a run, drawn from one text: the same text, the same draws, on every machine. */
export interface Chance {
  /** An integer from 0 on, below `limit`. */
  below(limit: number): number;
  happens(probability: number): boolean;
  pick<T>(items: readonly [T, ...T[]] | readonly T[]): T;
  bytes(size: number): Buffer;
  /** Characters of `alphabet`. */
  text(length: number, alphabet?: string): string;
}

const LETTERS = 'abcdefghijklmnopqrstuvwxyz0123456789';

export function createChance(seed: string): Chance {
  const next = sfc32(seed);
  const below = (limit: number) => Math.floor(next() * limit);
  const pick = <T>(items: readonly T[]): T => {
    const item = items[below(items.length)];
    if (item === undefined && items.length === 0) throw new RangeError('nothing to pick from');
    return item as T;
  };
  return {
    below,
    happens: (probability) => next() < probability,
    pick,
    bytes: (size) => Buffer.from(Array.from({ length: size }, () => below(256))),
    text: (length, alphabet = LETTERS) =>
      Array.from({ length }, () => alphabet[below(alphabet.length)] ?? '').join(''),
  };
}

/** Chris Doty-Humphrey's small fast counting generator, seeded by an FNV-1a hash of the text. */
function sfc32(seed: string): () => number {
  let hash = 0x811c9dc5;
  const word = (salt: number) => {
    for (const code of Buffer.from(`${salt}${seed}`)) hash = Math.imul(hash ^ code, 0x01000193);
    return hash | 0;
  };
  let [a, b, c, counter] = [word(1), word(2), word(3), 1];
  const next = () => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  };
  for (let round = 0; round < 12; round++) next();
  return next;
}

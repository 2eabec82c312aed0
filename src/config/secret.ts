import { inspect } from 'node:util';

const MASK = '[secret]';

/** A text that must not be printed: string conversion, JSON and inspection all show a mask. */
export class Secret {
  readonly #read: () => string;
  readonly #problem: () => string | undefined;

  /**
   * A function is asked anew with each use, for a text that may be replaced while the process runs; `problem` answers
   * why its last answer was an old one.
   */
  constructor(value: string | (() => string), problem: () => string | undefined = () => undefined) {
    this.#read = typeof value === 'function' ? value : () => value;
    this.#problem = problem;
  }

  /** The text itself, for the one place that uses it. */
  reveal(): string {
    return this.#read();
  }

  /** Why the last use got an old text, or undefined where it got what is configured now. */
  problem(): string | undefined {
    return this.#problem();
  }

  toString(): string {
    return MASK;
  }

  toJSON(): string {
    return MASK;
  }

  [inspect.custom](): string {
    return MASK;
  }
}

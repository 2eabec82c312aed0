import { inspect } from 'node:util';

const MASK = '[secret]';

/** A text that must not be printed: string conversion, JSON and inspection all show a mask. */
export class Secret {
  readonly #read: () => string;

  /** A function is asked anew with each use, for a text that may be replaced while the process runs. */
  constructor(value: string | (() => string)) {
    this.#read = typeof value === 'function' ? value : () => value;
  }

  /** The text itself, for the one place that uses it. */
  reveal(): string {
    return this.#read();
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

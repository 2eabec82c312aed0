import type { FieldViolation } from '../fault/fault.ts';

/** What the options of an upload come to, while they are looked at one by one. */
export interface HeaderDraft {
  /** To be signed, by lower-case name. */
  readonly headers: Record<string, string>;
  /** What is wrong, in the order of the contract. */
  readonly fields: FieldViolation[];
}

export function blame({ fields }: HeaderDraft, field: string, message: string): void {
  fields.push({ field, message });
}

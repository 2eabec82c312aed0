import { Fault, type FieldViolation } from '../fault/fault.ts';

/** A field by its JSON path, whether it keeps its rule, and the rule in words that complete "the field …". */
export type Rule = readonly [field: string, holds: boolean, message: string];

/** The rules that do not hold, in their order. */
export function violationsOf(rules: readonly Rule[]): FieldViolation[] {
  return rules.filter(([, holds]) => !holds).map(([field, , message]) => ({ field, message }));
}

/** Throws a Fault INVALID_REQUEST that names every rule that does not hold. */
export function refuseViolations(fields: readonly FieldViolation[]): void {
  if (fields.length > 0) throw new Fault('INVALID_REQUEST', { fields });
}

// Everything that the doctor looks at, in the order in which it tells. One table; docs/doctor.md derives from it.
import type { CheckSpec } from './check-spec.ts';
import { DESTINATION_CHECKS } from './destination-checks.ts';
import { REDIS_CHECKS, SETTINGS_CHECKS, STORE_CHECKS } from './service-checks.ts';

export const CHECKS = {
  ...SETTINGS_CHECKS,
  ...DESTINATION_CHECKS,
  ...REDIS_CHECKS,
  ...STORE_CHECKS,
} as const satisfies Record<string, CheckSpec>;

export type CheckId = keyof typeof CHECKS;

export function isCheckId(text: string): text is CheckId {
  return Object.hasOwn(CHECKS, text);
}

/** The checks of one group, in their order. */
export function checkIds<Id extends CheckId>(group: Readonly<Record<Id, CheckSpec>>): readonly Id[] {
  return Object.keys(group).filter((id): id is Id => Object.hasOwn(group, id));
}

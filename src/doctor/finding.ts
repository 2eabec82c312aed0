// What the doctor found. Pure.
import type { CheckSpec } from './check-spec.ts';
import { CHECKS, type CheckId, checkIds } from './checks.ts';

export type Level = 'ok' | 'skipped' | 'warning' | 'problem';

export interface Finding {
  readonly id: CheckId;
  readonly level: Level;
  /** What was seen, or for a check that was skipped, why. Holds no secret. */
  readonly seen: string;
  /** The command, setting or JSON that mends it, as it is pasted. */
  readonly fix?: string | undefined;
}

export function ok(id: CheckId, seen: string): Finding {
  return { id, level: 'ok', seen };
}

export function skipped(id: CheckId, seen: string): Finding {
  return { id, level: 'skipped', seen };
}

export function warning(id: CheckId, seen: string, fix?: string): Finding {
  return { id, level: 'warning', seen, fix };
}

export function problem(id: CheckId, seen: string, fix?: string): Finding {
  return { id, level: 'problem', seen, fix };
}

/** The findings in the order of the table, with those checks as skipped that nothing was found about. */
export function completed<Id extends CheckId>(
  group: Readonly<Record<Id, CheckSpec>>,
  findings: readonly Finding[],
  because: string,
): readonly Finding[] {
  return checkIds(group).flatMap((id) => {
    const found = findings.filter((finding) => finding.id === id);
    return found.length > 0 ? found : [skipped(id, because)];
  });
}

/** The findings with those checks as skipped that the operator does not want to hear of. */
export function without(findings: readonly Finding[], ignored: readonly CheckId[]): readonly Finding[] {
  return findings.map((finding) =>
    ignored.includes(finding.id) && (finding.level === 'warning' || finding.level === 'problem')
      ? { ...finding, level: 'skipped', seen: `ignored as told: ${finding.seen}`, fix: undefined }
      : finding,
  );
}

/** 0 where all is well, 1 where there are warnings, 2 where there are problems. */
export function exitCodeOf(findings: readonly Finding[]): 0 | 1 | 2 {
  if (findings.some(({ level }) => level === 'problem')) return 2;
  return findings.some(({ level }) => level === 'warning') ? 1 : 0;
}

/** Why it matters, for those that are to be mended. */
export function whyOf({ id, level }: Finding): string | undefined {
  return level === 'warning' || level === 'problem' ? CHECKS[id].why : undefined;
}

// How findings are shown: a line each, and below those that are to be mended why, and with what.
import { type Finding, type Level, whyOf } from '../doctor/finding.ts';
import type { Change } from '../doctor/mend-bucket.ts';
import type { Report } from '../open-doctor.ts';
import { printable } from './printable.ts';

const COLUMN = 18;
const INDENT = ' '.repeat(11);

export function reportText(reports: readonly Report[]): string {
  const parts = reports.map(({ subject, findings }) =>
    [printable(subject), ...findings.flatMap(findingLines)].join('\n'),
  );
  return [...parts, totalText(reports.flatMap(({ findings }) => findings))].join('\n\n');
}

/** The same for programs: what was found, in one list. */
export function reportJson(
  reports: readonly Report[],
  changes: readonly (Change & { readonly subject: string })[] | undefined,
) {
  return {
    findings: reports.flatMap(({ subject, findings }) =>
      findings.map((finding) => {
        const { id, level, seen, fix } = finding;
        const why = whyOf(finding);
        return { subject, id, level, seen, ...(why && { why }), ...(fix && { fix }) };
      }),
    ),
    ...(changes && { changes }),
  };
}

export function changeText({ subject, id, made, what }: Change & { readonly subject: string }): string {
  return printable(`${subject}, ${id}: ${made ? 'put' : 'not changed,'} ${what}`);
}

function findingLines(finding: Finding): string[] {
  const { id, level, seen, fix } = finding;
  const [first = '', ...more] = seen.split('\n').map(printable);
  const why = whyOf(finding);
  return [
    `  ${level.padEnd(7)}  ${id.padEnd(COLUMN)}${first}`,
    ...more.map((line) => `${INDENT}${' '.repeat(COLUMN)}${line}`),
    ...(why === undefined ? [] : [`${INDENT}why: ${why}`]),
    ...(fix === undefined ? [] : [`${INDENT}fix: ${printable(fix)}`]),
  ];
}

function totalText(findings: readonly Finding[]): string {
  const count = (level: Level) => findings.filter((finding) => finding.level === level).length;
  const several = (level: 'problem' | 'warning') =>
    `${count(level)} ${level}${count(level) === 1 ? '' : 's'}`;
  return `${several('problem')}, ${several('warning')}, ${count('skipped')} skipped, ${count('ok')} ok`;
}

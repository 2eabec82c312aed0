import { printable } from './printable.ts';

/** Rows below a head, every column as wide as its longest cell. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return lines([head, ...rows]);
}

/** Names and what they stand for, a line each; those without a value are left out. */
export function sheet(rows: readonly (readonly [name: string, value: string | undefined])[]): string {
  return lines(rows.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}

function lines(rows: readonly (readonly string[])[]): string {
  const cells = rows.map((row) => row.map(printable));
  const widths: number[] = [];
  for (const row of cells) {
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, widthOf(cell));
  }
  return cells
    .map((row) =>
      row
        .map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - widthOf(cell)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** In characters, of which an emoji is one and not two code units. */
function widthOf(text: string): number {
  return [...text].length;
}

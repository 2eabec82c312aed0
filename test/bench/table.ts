/** One table of the report. The first column names what was measured, the others hold figures. */
export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export function markdownFromTable({ title, columns, rows }: Table): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const rule = columns.map((_, index) => (index === 0 ? '---' : '---:'));
  return [`### ${title}`, '', line(columns), line(rule), ...rows.map(line)].join('\n');
}

/** A figure with three digits that matter. */
export function figure(value: number): string {
  const decimals = value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  return value.toLocaleString('en-US', { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
}

export interface Budget {
  readonly limit: number;
  /** `at most` the limit or `at least` it. */
  readonly bound: '≤' | '≥';
  /** What follows the figures, such as ` ms`. */
  readonly unit: string;
}

/** What was promised, what came out, and whether that keeps the promise. */
export function verdict({ limit, bound, unit }: Budget, value: number): string {
  const met = bound === '≤' ? value <= limit : value >= limit;
  return `${bound} ${limit}${unit}: ${figure(value)}, ${met ? 'met' : '**missed**'}`;
}

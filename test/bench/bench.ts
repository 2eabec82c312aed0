// npm run bench [-- --quick] [-- --only NAME]
// Prints the tables. A whole run that is not quick also writes them into docs/benchmarks.md.
import { parseArgs } from 'node:util';
import { idleConnections } from './idle-connections.ts';
import { inFlight } from './in-flight.ts';
import { keyCheck } from './key-check.ts';
import { keyScale } from './key-scale.ts';
import type { Section } from './options.ts';
import { plans } from './plans.ts';
import { presign } from './presign.ts';
import { presignShapes } from './presign-shapes.ts';
import { markdownFromTables, writeReport } from './report.ts';
import { requests } from './requests.ts';
import { start } from './start.ts';
import type { Table } from './table.ts';
import { workers } from './workers.ts';

const SECTIONS: readonly Section[] = [
  requests,
  presign,
  presignShapes,
  plans,
  inFlight,
  keyCheck,
  keyScale,
  start,
  workers,
  idleConnections,
];

const { values } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, only: { type: 'string', multiple: true } },
});

const sections = SECTIONS.filter(({ name }) => values.only?.includes(name) ?? true);
const unknown = values.only?.filter((name) => !SECTIONS.some((section) => section.name === name)) ?? [];
if (unknown.length > 0) {
  console.error(
    `There is no part ${unknown.join(', ')}. Parts: ${SECTIONS.map(({ name }) => name).join(', ')}`,
  );
  process.exit(2);
}

const tables: Table[] = [];
for (const { run } of sections) {
  tables.push(await run({ quick: values.quick, progress: (text) => console.error(text) }));
}
const markdown = markdownFromTables(tables);
console.log(markdown);
if (!values.quick && sections.length === SECTIONS.length) await writeReport(markdown);

import { readFile, writeFile } from 'node:fs/promises';
import { repositoryPath } from './child-server.ts';
import { machineLines } from './machine.ts';
import { markdownFromTable, type Table } from './table.ts';

const DOCUMENT = repositoryPath('docs/benchmarks.md');
const START = '<!-- BENCH-START -->';
const END = '<!-- BENCH-END -->';

export function markdownFromTables(tables: readonly Table[]): string {
  return [...machineLines(), ...tables.map(markdownFromTable)].join('\n\n');
}

/** Puts the text between the markers of docs/benchmarks.md. Throws when they are not there. */
export async function writeReport(markdown: string): Promise<void> {
  const document = await readFile(DOCUMENT, 'utf8');
  const start = document.indexOf(START);
  const end = document.indexOf(END);
  if (start === -1 || end < start) throw new Error(`docs/benchmarks.md has no ${START} … ${END}`);
  const head = document.slice(0, start + START.length);
  await writeFile(DOCUMENT, `${head}\n\n${markdown}\n\n${document.slice(end)}`);
}

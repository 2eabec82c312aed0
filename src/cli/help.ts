import type { Command } from './command.ts';
import type { CommandEntry } from './commands.ts';

const WIDTH = 100;

export function overview(commands: readonly CommandEntry[], version: string): string {
  return [
    `presignd ${version}: presigned S3 uploads over gRPC, Connect and JSON.`,
    '',
    'Usage: presignd COMMAND [OPTIONS]',
    '',
    ...columns(commands.map(({ name, summary }) => [name, summary])),
    '',
    '`presignd COMMAND --help` tells more.',
  ].join('\n');
}

export function commandHelp({ name: words, summary }: CommandEntry, command: Command): string {
  const options = Object.entries(command.options).map(
    ([name, { value, doc }]) => [`--${name}${value === undefined ? '' : ` ${value}`}`, doc] as const,
  );
  const usage = ['presignd', words, command.positional, '[OPTIONS]'].filter(Boolean).join(' ');
  return [
    summary,
    '',
    `Usage: ${usage}`,
    '',
    ...columns([...options, ['--help', 'Show this.']]),
    ...(command.details ? ['', command.details()] : []),
  ].join('\n');
}

/** Two columns: the first as wide as its longest cell, the second wrapped at words. */
export function columns(rows: readonly (readonly [string, string])[]): string[] {
  const indent = Math.max(...rows.map(([left]) => left.length)) + 4;
  return rows.flatMap(([left, right]) =>
    wrap(right, WIDTH - indent).map(
      (line, index) => `${index === 0 ? `  ${left}`.padEnd(indent) : ' '.repeat(indent)}${line}`,
    ),
  );
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}

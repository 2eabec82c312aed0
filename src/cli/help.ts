import type { SettingRow } from '../config/setting-row.ts';
import { SETTINGS } from '../config/settings.ts';
import type { Command } from './command.ts';

const WIDTH = 100;

export function overview(commands: readonly Command[], version: string): string {
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

export function commandHelp(command: Command): string {
  const options = Object.entries(command.options).map(
    ([name, { value, doc }]) => [`--${name}${value === undefined ? '' : ` ${value}`}`, doc] as const,
  );
  const usage = ['presignd', command.name, command.positional, '[OPTIONS]'].filter(Boolean).join(' ');
  return [
    `${command.summary}`,
    '',
    `Usage: ${usage}`,
    '',
    ...columns([...options, ['--help', 'Show this.']]),
    ...(command.details ? ['', command.details()] : []),
  ].join('\n');
}

/** The settings as `serve` and `dev` show them. */
export function settingsHelp(): string {
  const rows = Object.values<SettingRow<unknown>>(SETTINGS).map(
    ({ name, doc, default: standard }) => [name, `${doc}${standard ? ` [${standard}]` : ''}`] as const,
  );
  return [
    'Settings are environment variables; NAME_FILE reads the value from a file:',
    '',
    ...columns(rows),
  ].join('\n');
}

/** Two columns: the first as wide as its longest cell, the second wrapped at words. */
function columns(rows: readonly (readonly [string, string])[]): string[] {
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

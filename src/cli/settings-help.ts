import type { SettingRow } from '../config/setting-row.ts';
import { SETTINGS } from '../config/settings.ts';
import { columns } from './help.ts';

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

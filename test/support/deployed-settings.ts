import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadSettings, type SettingsWith } from '../../src/config/load-settings.ts';

/** What each secret could hold, for the settings that do not take any text. */
const EXAMPLES: Readonly<Record<string, string>> = {
  DATABASE_URL: 'postgres://presignd:secret@postgres/presignd',
  REDIS_URL: 'redis://redis:6379',
};
const ANY_SECRET = 'a secret of thirty-two characters or more';

/**
 * The settings that the program would read from this environment, with an example in each file that it names.
 * Throws as `loadSettings` does: no name that does not exist, no value of the wrong kind.
 */
export function deployedSettings(env: Readonly<Record<string, string>>): SettingsWith<'bucket'> {
  const folder = mkdtempSync(join(tmpdir(), 'presignd-settings-'));
  try {
    const entries = Object.entries(env).map(([name, value]) => {
      if (!name.endsWith('_FILE')) return [name, value];
      const path = join(folder, name);
      writeFileSync(path, EXAMPLES[name.replace(/_FILE$/, '')] ?? ANY_SECRET);
      return [name, path];
    });
    return loadSettings(Object.fromEntries(entries), ['bucket']);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

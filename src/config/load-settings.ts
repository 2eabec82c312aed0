import { readFileSync } from 'node:fs';
import { nearestNames } from './nearest-names.ts';
import { Secret } from './secret.ts';
import type { SettingRow } from './setting-row.ts';
import { SETTINGS, type Settings } from './settings.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** The variables of this process. */
export function environment(): Environment {
  return process.env;
}

/** Everything that is wrong with the environment, told at once. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(['The settings have problems:', ...problems.map((problem) => `  - ${problem}`)].join('\n'));
    this.problems = problems;
  }
}

/** Variables that share the prefix but belong to the test suite. */
const FOREIGN_PREFIX = 'PRESIGND_TEST_';

/** The API key with which commands call a server. Not a setting, as a server has no use for it. */
export const API_KEY_VARIABLE = 'PRESIGND_API_KEY';

/** Settings of which some must be there. */
export type SettingsWith<Needed extends keyof Settings> = Settings & {
  readonly [K in Needed]: NonNullable<Settings[K]>;
};

/**
 * The settings from the environment. An empty variable counts as not set, as container platforms cannot unset one.
 *
 * @throws SettingsError that lists every problem: unknown `PRESIGND_*` names and what is `required` among them.
 */
export function loadSettings<Needed extends keyof Settings = never>(
  env: Environment = environment(),
  required: readonly Needed[] = [],
): SettingsWith<Needed> {
  const problems = unknownNames(env);
  const values = Object.entries<SettingRow<unknown>>(SETTINGS).map(([key, row]) => {
    try {
      const value = row.read(textOf(row.name, env));
      if (value === undefined && required.some((name) => name === key)) throw new Error('must be set');
      return [key, following(value, row, env)] as const;
    } catch (error) {
      problems.push(`${row.name} ${messageOf(error)}`);
      return [key, undefined] as const;
    }
  });
  if (problems.length > 0) throw new SettingsError(problems);
  return Object.fromEntries(values) as SettingsWith<Needed>;
}

/**
 * The API key with which commands call a server, from `PRESIGND_API_KEY` or `PRESIGND_API_KEY_FILE`.
 *
 * @throws SettingsError when there is none, which also names the unknown `PRESIGND_*` names that may have been meant.
 */
export function loadApiKey(env: Environment = environment()): Secret {
  const problems = unknownNames(env);
  let key: string | undefined;
  try {
    key = textOf(API_KEY_VARIABLE, env);
    if (key === undefined) throw new Error('must be set to an API key of the server');
  } catch (error) {
    problems.push(`${API_KEY_VARIABLE} ${messageOf(error)}`);
  }
  if (key === undefined || problems.length > 0) throw new SettingsError(problems);
  return new Secret(key);
}

function textOf(name: string, env: Environment): string | undefined {
  const direct = env[name] || undefined;
  const file = fileOf(name, env);
  if (file === undefined) return direct;
  if (direct !== undefined) throw new Error(`and ${name}_FILE are both set: keep one`);
  try {
    return readValueFile(file);
  } catch (error) {
    const why = error instanceof Error && 'code' in error ? String(error.code) : messageOf(error);
    throw new Error(`cannot be read from the file that ${name}_FILE names (${why})`);
  }
}

function fileOf(name: string, env: Environment): string | undefined {
  return env[`${name}_FILE`] || undefined;
}

/** The file's text less its last line break. Throws when it cannot be read, or holds nothing. */
function readValueFile(path: string): string {
  const text = readFileSync(path, 'utf8').replace(/\r?\n$/, '');
  // Unlike a variable, a file is not left empty to mean the default: a secret has not arrived.
  if (text === '') throw new Error('empty');
  return text;
}

/**
 * A secret from a file follows the file, so that it can be replaced while the service runs. For as long as the file is
 * missing, empty or wrong, as it may be in the middle of being replaced, the last good text stands.
 */
function following(value: unknown, row: SettingRow<unknown>, env: Environment): unknown {
  const file = fileOf(row.name, env);
  if (!(value instanceof Secret) || file === undefined) return value;
  let last = value;
  return new Secret(() => {
    try {
      const next = row.read(readValueFile(file));
      if (next instanceof Secret) last = next;
    } catch {}
    return last.reveal();
  });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function unknownNames(env: Environment): string[] {
  const names = [...Object.values(SETTINGS).map(({ name }) => name), API_KEY_VARIABLE];
  const known = names.flatMap((name) => [name, `${name}_FILE`]);
  return Object.keys(env)
    .filter(
      (name) => name.startsWith('PRESIGND_') && !name.startsWith(FOREIGN_PREFIX) && !known.includes(name),
    )
    .map((name) => {
      const near = nearestNames(name, known);
      return `${name} is not a setting${near.length > 0 ? `; did you mean ${near.join(' or ')}?` : ''}`;
    });
}

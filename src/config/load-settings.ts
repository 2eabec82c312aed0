import { nearestNames } from './nearest-names.ts';
import { Secret } from './secret.ts';
import type { SettingRow } from './setting-row.ts';
import { SETTINGS, type Settings } from './settings.ts';
import { SettingsError } from './settings-error.ts';
import { followingSecret, readValueFile, whyUnreadable } from './value-file.ts';
import { problemLines } from './value-problems.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** The variables of this process. */
export function environment(): Environment {
  return process.env;
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
      problems.push(...problemLines(row.name, error));
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
    problems.push(...problemLines(API_KEY_VARIABLE, error));
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
    throw new Error(`cannot be read from the file that ${name}_FILE names (${whyUnreadable(error)})`);
  }
}

function fileOf(name: string, env: Environment): string | undefined {
  return env[`${name}_FILE`] || undefined;
}

/** What is read from a file follows it if it is a secret. */
function following(value: unknown, row: SettingRow<unknown>, env: Environment): unknown {
  const file = fileOf(row.name, env);
  return value instanceof Secret && file !== undefined ? followingSecret(file, value, row.read) : value;
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

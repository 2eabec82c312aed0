import { readFileSync } from 'node:fs';
import { nearestNames } from './nearest-names.ts';
import { SETTINGS, type SettingRow, type Settings } from './settings.ts';

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
      const value = row.read(textOf(row, env));
      if (value === undefined && required.some((name) => name === key)) throw new Error('must be set');
      return [key, value] as const;
    } catch (error) {
      problems.push(`${row.name} ${error instanceof Error ? error.message : String(error)}`);
      return [key, undefined] as const;
    }
  });
  if (problems.length > 0) throw new SettingsError(problems);
  return Object.fromEntries(values) as SettingsWith<Needed>;
}

function textOf(row: SettingRow<unknown>, env: Environment): string | undefined {
  const direct = env[row.name] || undefined;
  const file = env[`${row.name}_FILE`] || undefined;
  if (file === undefined) return direct;
  if (direct !== undefined) throw new Error(`and ${row.name}_FILE are both set: keep one`);
  const unreadable = (why: string) =>
    new Error(`cannot be read from the file that ${row.name}_FILE names (${why})`);
  let text: string;
  try {
    text = readFileSync(file, 'utf8').replace(/\r?\n$/, '');
  } catch (error) {
    throw unreadable(error instanceof Error && 'code' in error ? String(error.code) : 'error');
  }
  // Unlike a variable, a file is not left empty to mean the default: a secret has not arrived.
  if (text === '') throw unreadable('empty');
  return text;
}

function unknownNames(env: Environment): string[] {
  const known = Object.values(SETTINGS).flatMap(({ name }) => [name, `${name}_FILE`]);
  return Object.keys(env)
    .filter(
      (name) => name.startsWith('PRESIGND_') && !name.startsWith(FOREIGN_PREFIX) && !known.includes(name),
    )
    .map((name) => {
      const near = nearestNames(name, known);
      return `${name} is not a setting${near.length > 0 ? `; did you mean ${near.join(' or ')}?` : ''}`;
    });
}

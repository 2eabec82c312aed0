/** Brings the schema of a store from one version to the next. One that has been released is never changed. */
export interface SchemaStep {
  readonly sql: string;
  /**
   * Whether a program that knows only the schema before may go on using this one: it is running while a fleet is
   * upgraded, and it comes back when an upgrade is undone. So long as all hold:
   * - its statements still do what they did: tables, indexes and columns are only added, and a column that it does not
   *   write may be null or has a default;
   * - nothing that it reads holds values it does not know, such as another kind of event;
   * - nothing that is new restricts anybody: a rule that it cannot see, it would not keep to.
   */
  readonly compatible: boolean;
}

/** What a store says of its schema. */
export interface SchemaState {
  /** 0 where there is none. */
  readonly version: number;
  /** The oldest version whose programs may use it; undefined where nothing is said, which means none but its own. */
  readonly usableFrom: number | undefined;
}

/** How the schema of a store stands to that of this program. */
export interface SchemaStanding {
  /** 0 where there is none yet; undefined where it cannot be used. */
  readonly found: number | undefined;
  readonly known: number;
  /** Why it cannot be used: a newer program's, or another's. */
  readonly refusal: string | undefined;
}

/** What bringing a schema up to date comes to. */
export interface MigrationPlan {
  /** The version that it has, 0 for none. */
  readonly from: number;
  /** The version that it will have. */
  readonly to: number;
  /** Whether the programs that use it as it is may go on when it has been brought up to date. */
  readonly rolling: boolean;
}

/** What has to be done for a program that knows these steps. */
export function planMigration({ version }: SchemaState, steps: readonly SchemaStep[]): MigrationPlan {
  const to = Math.max(version, steps.length);
  return { from: version, to, rolling: version === to || version === 0 || usableFrom(steps, to) <= version };
}

/** The oldest version whose programs may use the schema of this version, the first being 1. */
export function usableFrom(steps: readonly SchemaStep[], version: number): number {
  const lastBreak = steps.slice(0, version).findLastIndex(({ compatible }) => !compatible);
  return Math.max(1, lastBreak + 1);
}

/** Throws when the schema is newer than a program that knows these steps, and not for it to use. */
export function refuseTooNew({ version, usableFrom }: SchemaState, steps: readonly SchemaStep[]): void {
  const known = steps.length;
  if (version <= known || (usableFrom !== undefined && usableFrom <= known)) return;
  throw new Error(
    `its schema has version ${version}, made by a newer presignd; this one knows versions up to ${known}`,
  );
}

/** Throws when steps are missing from the schema. */
export function refuseTooOld({ version }: SchemaState, steps: readonly SchemaStep[]): void {
  if (version >= steps.length) return;
  const state = version === 0 ? 'it has no schema yet' : `its schema has version ${version}`;
  throw new Error(`${state}, and this presignd needs version ${steps.length}. Run: presignd migrate`);
}

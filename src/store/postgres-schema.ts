/** The schema that holds our tables, so that they get along with those of others in one database. */
export const SCHEMA = 'presignd';

/** Both numbers of an advisory lock (pg_advisory_xact_lock); the first is ours alone ("psgd"). */
export const LOCKS = {
  /** Held while the schema is brought up to date. */
  migration: `${0x70736764}, 1`,
  /**
   * Held by every change of a key until its end, so that events become visible in the order of their seq: a
   * sequence alone hands out numbers in the order in which transactions begin.
   */
  change: `${0x70736764}, 2`,
} as const;

const TABLE =
  /\b(FROM|INTO|UPDATE) (?=(?:api_keys|api_key_events|audit_log|idempotency_keys|key_usage|secrets)\b)/g;

const qualified = new Map<string, string>();

/**
 * The statement with our tables found wherever the `search_path` of the role leads: what SQLite shares with us does
 * not name a schema. There are few statements, as values are always bound.
 */
export function inOurSchema(sql: string): string {
  let text = qualified.get(sql);
  if (text === undefined) {
    text = sql.replaceAll(TABLE, `$1 ${SCHEMA}.`);
    qualified.set(sql, text);
  }
  return text;
}

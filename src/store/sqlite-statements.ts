import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Row } from './columns.ts';
import type { Statement } from './key-statements.ts';

/** Runs statements, each text of which is prepared once. There are few texts: values are always bound. */
export function createStatements(db: DatabaseSync): (statement: Statement) => readonly Row[] {
  const prepared = new Map<string, StatementSync>();
  return ({ sql, values }) => {
    let statement = prepared.get(sql);
    if (statement === undefined) {
      // SQLite numbers its parameters ?1, ?2; to it $1 would be a name.
      statement = db.prepare(sql.replaceAll(/\$(\d+)/g, '?$1'));
      prepared.set(sql, statement);
    }
    return statement.all(...values);
  };
}

import type { DestinationStream } from 'pino';

export type Level = 'debug' | 'info' | 'warn' | 'error';

/** Writes one line. The fields' values are their own JSON; those that are undefined are left out. */
export type WriteLine = (
  level: Level,
  fields: Readonly<Record<string, string | number | undefined>>,
  message: string,
) => void;

/**
 * Writes what pino would write for the same fields and message, at any level. pino asks of each field whether something
 * is to be done about it, which for one line a request costs more than the rest of the line.
 *
 * @param base what all lines have
 * @param timestamp as pino's option
 */
export function createPlainLines(
  stream: DestinationStream,
  base: Readonly<Record<string, string | number | undefined>>,
  timestamp: () => string,
): WriteLine {
  const shared = inner(base);
  return (level, fields, message) => {
    stream.write(
      `{"level":"${level}"${timestamp()}${shared}${inner(fields)},"msg":${JSON.stringify(message)}}\n`,
    );
  };
}

/** The fields of an object as they stand in JSON, each with a comma before it. */
function inner(fields: object): string {
  const json = JSON.stringify(fields);
  return json === '{}' ? '' : `,${json.slice(1, -1)}`;
}

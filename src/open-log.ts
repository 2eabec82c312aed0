// Joins the log with what must never stand in it.
import type { Settings } from './config/settings.ts';
import { TOKEN_PATTERN } from './keys/token.ts';
import { UPLOAD_TOKEN_PATTERN } from './keys/upload-token.ts';
import { type LoggerOptions, type OpenLogger, openLogger } from './telemetry/logger.ts';
import { version } from './version.ts';

/** Patterns of secrets that stand alone. */
export const SECRET_PATTERNS = [new RegExp(TOKEN_PATTERN, 'g'), new RegExp(UPLOAD_TOKEN_PATTERN, 'g')];

export interface LogOptions {
  readonly logFormat: LoggerOptions['format'];
  /** The number of the worker that writes, where there are several. */
  readonly worker?: number | undefined;
}

/** Opens the log on stdout. Disposing writes what is still buffered. */
export function openLog(
  { logLevel }: Pick<Settings, 'logLevel'>,
  { logFormat, worker }: LogOptions,
): Promise<OpenLogger> {
  return openLogger({ level: logLevel, format: logFormat, version, worker, secretPatterns: SECRET_PATTERNS });
}

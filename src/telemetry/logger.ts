import { type DestinationStream, destination, type Logger, pino, stdSerializers } from 'pino';
import { createRedactor } from './redact.ts';

export type { Logger } from 'pino';

/** Lines are gathered up to this size before they are written: a write per request costs more than the line. */
const BUFFER_BYTES = 4096;

/** No line waits longer than this in the buffer. */
const FLUSH_INTERVAL_MS = 250;

/** What waits for a reader that hangs; further lines are dropped, since hoarding them would end the service. */
const BACKLOG_MAX_BYTES = 8 * 1024 * 1024;

export interface LoggerOptions {
  readonly level: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  readonly format: 'json' | 'pretty';
  readonly version: string;
  /** The number of the worker that writes, where there are several. */
  readonly worker?: number | undefined;
  /** Patterns of secrets that must not appear in a line; each with the `g` flag. */
  readonly secretPatterns: readonly RegExp[];
}

export interface OpenLogger extends AsyncDisposable {
  readonly logger: Logger;
}

/** Opens the log on stdout. Disposing writes what is still buffered. */
export async function openLogger(options: LoggerOptions): Promise<OpenLogger> {
  const { stream, flush } = options.format === 'pretty' ? await openPretty() : openJson();
  const redact = createRedactor(options.secretPatterns);
  const logger = pino(
    {
      level: options.level,
      base: { service: 'presignd', version: options.version, worker: options.worker },
      timestamp: createTimestamps(),
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: stdSerializers.errWithCause },
      hooks: { streamWrite: redact },
    },
    stream,
  );
  return { logger, [Symbol.asyncDispose]: flush };
}

interface Sink {
  readonly stream: DestinationStream;
  readonly flush: () => Promise<void>;
}

function openJson(): Sink {
  const stream = destination({ dest: 1, sync: false, minLength: BUFFER_BYTES, maxLength: BACKLOG_MAX_BYTES });
  const timer = setInterval(() => stream.flush(), FLUSH_INTERVAL_MS).unref();
  // Nobody reads the pipe any more: the log is lost either way, the service is not.
  stream.on('error', () => {});
  return {
    stream,
    flush: async () => {
      clearInterval(timer);
      stream.flushSync();
    },
  };
}

async function openPretty(): Promise<Sink> {
  const { default: pretty } = await import('pino-pretty');
  const stream = pretty({
    sync: true,
    ignore: 'pid,hostname,service,version',
    translateTime: 'SYS:HH:MM:ss',
  });
  return { stream, flush: async () => {} };
}

/** Writes `time` fields. The text of the second is made once for all the lines of that second. */
function createTimestamps(): () => string {
  let second = Number.NaN;
  let head = '';
  return () => {
    const nowMs = Date.now();
    const nowSecond = Math.floor(nowMs / 1000);
    if (nowSecond !== second) {
      second = nowSecond;
      head = `,"time":"${new Date(nowSecond * 1000).toISOString().slice(0, -4)}`;
    }
    return `${head}${String(nowMs % 1000).padStart(3, '0')}Z"`;
  };
}

import { type DestinationStream, destination, type Logger, pino, stdSerializers } from 'pino';
import { createPlainLines, type WriteLine } from './plain-lines.ts';
import { createRedactor } from './redact.ts';

export type { Logger } from 'pino';

/** Lines are gathered up to this length before they are written: a write per request costs more than the line. */
const GATHERED_LENGTH = 32 * 1024;

/** No line waits longer than this. */
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
  /** A cheaper way to the same log, for lines of plain values. Does not ask whether their level is written. */
  readonly writeLine: WriteLine;
}

/** Opens the log on stdout. Disposing writes what is still buffered. */
export async function openLogger(options: LoggerOptions): Promise<OpenLogger> {
  const redact = createRedactor(options.secretPatterns);
  const { stream, flush } = options.format === 'pretty' ? await openPretty(redact) : openJson(redact);
  const base = { service: 'presignd', version: options.version, worker: options.worker };
  const timestamp = createTimestamps();
  const logger = pino(
    {
      level: options.level,
      base,
      timestamp,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: stdSerializers.errWithCause },
    },
    stream,
  );
  const writeLine = createPlainLines(stream, base, timestamp);
  return { logger, writeLine, [Symbol.asyncDispose]: flush };
}

interface Sink {
  readonly stream: DestinationStream;
  readonly flush: () => Promise<void>;
}

type Redact = (lines: string) => string;

function openJson(redact: Redact): Sink {
  const stdout = destination({ dest: 1, sync: false, maxLength: BACKLOG_MAX_BYTES });
  // Nobody reads the pipe any more: the log is lost either way, the service is not.
  stdout.on('error', () => {});
  let isClosed = false;
  // pino ends it where a process comes to its end by itself and nobody has closed the log.
  stdout.on('close', () => {
    isClosed = true;
  });
  let gathered = '';
  const hand = () => {
    if (gathered === '' || isClosed) return;
    const lines = redact(gathered);
    gathered = '';
    stdout.write(lines);
  };
  const handNow = () => {
    hand();
    stdout.flushSync();
  };
  const timer = setInterval(hand, FLUSH_INTERVAL_MS).unref();
  // The last lines of a process that breaks down are those that say why.
  process.on('exit', handNow);
  return {
    // Not left to the destination, which measures all that it has gathered anew with each line.
    stream: {
      write: (line) => {
        gathered += line;
        if (gathered.length >= GATHERED_LENGTH) hand();
      },
    },
    flush: async () => {
      clearInterval(timer);
      process.off('exit', handNow);
      handNow();
    },
  };
}

async function openPretty(redact: Redact): Promise<Sink> {
  const { default: pretty } = await import('pino-pretty');
  const stream = pretty({
    sync: true,
    ignore: 'pid,hostname,service,version',
    translateTime: 'SYS:HH:MM:ss',
  });
  return { stream: { write: (line) => stream.write(redact(line)) }, flush: async () => {} };
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

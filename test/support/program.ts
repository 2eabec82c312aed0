// The program as its users run it: a process of its own, of which a test sees only what they could see.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Agent } from 'node:https';
import { join } from 'node:path';
import { expect } from 'vitest';
import { sendHttp1 } from './http-requests.ts';
import { type Finished, guardChild, runTool } from './tool.ts';

const ROOT = join(import.meta.dirname, '../..');
/** The pinned Node, whichever one runs the tests. */
const NODE = join(ROOT, 'node_modules/.bin/node');
const PRESIGND = join(ROOT, 'bin/presignd.js');
const TIMEOUT_MS = 30_000;

export type LogLine = Readonly<Record<string, unknown>>;

/** A running `presignd serve` or `presignd dev`. */
export interface Program extends AsyncDisposable {
  readonly pid: number;
  readonly port: number;
  /** `http://127.0.0.1:<port>`, or `https` where it has a certificate. */
  readonly url: string;
  /** All that it has printed so far, on both streams. */
  output(): string;
  /** The administrator's key that `serve` has printed on stderr, as it does once for an empty store. */
  announcedKey(): string | undefined;
  /** The lines of its log so far. */
  log(): LogLine[];
  /** Resolves once the text has been printed. Throws when it is not within 30 s. */
  untilPrinted(text: string): Promise<void>;
  /** Nobody reads its log any more, as when a log collector dies. */
  closeOutput(): void;
  /** Asks it to stop and answers its exit code. Throws when it had ended by itself, or has shown a secret. */
  stop(signal?: 'SIGTERM' | 'SIGINT'): Promise<number | null>;
  /** Ends it at once, as a crash would. */
  kill(): Promise<void>;
}

export interface ProgramOptions {
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
}

/** The commands that print a secret on stdout, which is what they are for. */
const SECRET_PRINTING = ['keys create', 'keys rotate', 'keys mint'];

/** What must appear nowhere else but in answers. */
const SECRETS = [
  /pse_(?:live|test)_1[0-9A-Za-z]{20,}/,
  /X-Amz-(?:Signature|Credential|Security-Token)(?:=|%3D)(?!\[redacted\])/i,
  /BEGIN [A-Z ]*PRIVATE KEY/,
  // A signature without its name, or any other SHA-256.
  /\b[0-9a-f]{64}\b/i,
];

/** Starts the program and waits until it listens. Throws with its output when it does not. */
export async function startProgram(
  command: 'serve' | 'dev',
  { folder, env }: ProgramOptions,
): Promise<Program> {
  const child = spawn(NODE, [PRESIGND, command], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
  guardChild(child);
  let output = '';
  let errorOutput = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
      if (stream === child.stderr) errorOutput += chunk;
      child.emit('output');
    });
  }
  const announcedKey = () =>
    command === 'serve' ? /^pse_live_1[0-9A-Za-z]{49}$/m.exec(errorOutput)?.[0] : undefined;
  // Once on stderr is what it is for; a second time, such as in the log, is not.
  const judgedOutput = () => output.replace(announcedKey() ?? '', '');
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null;
  const end = async (signal: NodeJS.Signals) => {
    if (hasEnded()) return;
    const closed = once(child, 'close');
    child.kill(signal);
    await closed;
  };
  /** Waits until `find` finds something in the output. */
  async function untilFound<T>(what: string, find: () => T | undefined): Promise<T> {
    const timeout = AbortSignal.timeout(TIMEOUT_MS);
    for (;;) {
      const found = find();
      if (found !== undefined) return found;
      if (hasEnded() || timeout.aborted)
        throw new Error(`presignd ${command} did not print ${what}:\n${output}`);
      await once(child, 'output', { signal: timeout }).catch(() => {});
    }
  }

  child.once('close', () => child.emit('output'));
  const port = await untilFound('that it listens', () => {
    const line = logLines(output).find(({ msg }) => msg === 'listening');
    return line && Number(line['port']);
  }).catch(async (error: unknown) => {
    await end('SIGKILL');
    throw error;
  });
  const secured = env['PRESIGND_TLS_CERT'] ?? env['PRESIGND_TLS_CERT_FILE'];
  const url = `${secured ? 'https' : 'http'}://127.0.0.1:${port}`;

  let wasEnded = false;

  async function stop(signal: 'SIGTERM' | 'SIGINT' = 'SIGTERM'): Promise<number | null> {
    if (hasEnded()) throw new Error(`presignd ${command} ended by itself:\n${output}`);
    wasEnded = true;
    const metrics = await metricsOf(url, env);
    await end(signal);
    expectNoSecrets(metrics, env);
    expectNoSecrets(judgedOutput(), env);
    return child.exitCode;
  }

  return {
    pid: child.pid ?? 0,
    port,
    url,
    output: () => output,
    announcedKey,
    log: () => logLines(output),
    untilPrinted: async (text) => {
      await untilFound(`"${text}"`, () => output.includes(text) || undefined);
    },
    closeOutput: () => {
      child.stdout.destroy();
      child.stderr.destroy();
    },
    stop,
    kill: async () => {
      wasEnded = true;
      await end('SIGKILL');
      expectNoSecrets(judgedOutput(), env);
    },
    [Symbol.asyncDispose]: async () => {
      if (wasEnded) return;
      try {
        await stop();
      } finally {
        await end('SIGKILL');
      }
    },
  };
}

/** Runs a command to its end. Throws when it has shown a secret, unless showing it is what the command is for. */
export async function runProgram(
  args: readonly string[],
  { folder, env }: ProgramOptions,
): Promise<Finished> {
  const finished = await runTool(NODE, [PRESIGND, ...args], { cwd: folder, env });
  expectNoSecrets(finished.stderr, env);
  if (!SECRET_PRINTING.includes(args.slice(0, 2).join(' '))) expectNoSecrets(finished.stdout, env);
  return finished;
}

/** Security property: no API key, no part of a signed URL and no configured secret is ever printed. */
export function expectNoSecrets(text: string, env: Readonly<Record<string, string>>): void {
  for (const secret of SECRETS) expect(text).not.toMatch(secret);
  for (const name of [
    'AWS_SECRET_ACCESS_KEY',
    'AWS_SESSION_TOKEN',
    'PRESIGND_KEY_PEPPERS',
    'PRESIGND_API_KEY',
  ]) {
    const secret = env[name];
    if (secret) expect(text).not.toContain(secret);
  }
}

async function metricsOf(url: string, env: Readonly<Record<string, string>>): Promise<string> {
  const { PRESIGND_TLS_CERT_FILE: cert, PRESIGND_TLS_KEY_FILE: key } = env;
  // In case that one is demanded of clients: certificates of tests are good for both sides.
  const shown = cert && key ? { cert: readFileSync(cert), key: readFileSync(key) } : {};
  const agent = url.startsWith('https:') && new Agent({ rejectUnauthorized: false, ...shown });
  const { status, body } = await sendHttp1(`${url}/metrics`, {}, agent);
  expect(status).toBe(200);
  return body;
}

function logLines(output: string): LogLine[] {
  return output
    .split('\n')
    .slice(0, -1)
    .filter((line) => line.startsWith('{'))
    .map((line): LogLine => JSON.parse(line));
}

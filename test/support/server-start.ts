import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

const PORT_ATTEMPTS = 3;
const ANSWER_TIMEOUT_MS = 60_000;

/**
 * Below the range that systems draw the ports of outgoing connections from, so that nobody is given the port of
 * a server while it is down.
 */
const PORTS = { from: 20_000, to: 30_000 } as const;

/** A TCP port that nobody listened on a moment ago. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(PORTS.from, PORTS.to);
    if (await isFree(port)) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(false);
      else reject(error);
    });
    server.listen(port, () => server.close(() => resolve(true)));
  });
}

/** Runs `start` with a free port, and with another one if somebody took it in the meantime. */
export async function withFreePort<T>(start: (port: number) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await start(await freePort());
    } catch (error) {
      const taken = /already (in use|allocated)/i.test(errorMessage(error));
      if (!taken || attempt === PORT_ATTEMPTS) throw error;
    }
  }
}

/** Waits until `answers` says so; throws when it does not within a minute or `signal` aborts before. */
export async function untilAnswers(answers: () => Promise<boolean>, signal?: AbortSignal): Promise<void> {
  const deadline = performance.now() + ANSWER_TIMEOUT_MS;
  while (!(await answers().catch(() => false))) {
    signal?.throwIfAborted();
    if (performance.now() > deadline) throw new Error(`no answer within ${ANSWER_TIMEOUT_MS} ms`);
    await delay(20);
  }
}

export function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, it } from 'vitest';
import {
  createSqliteWriter,
  type SqliteWriter,
  type SqliteWriterOptions,
} from '../../../src/store/sqlite-writer.ts';

/** Answers each call with the name it was asked for. */
const ECHO = `
  const { parentPort } = require('node:worker_threads');
  parentPort.on('message', (request) => {
    if (request === 'close') parentPort.close();
    else parentPort.postMessage({ id: request.id, value: request.argument.name });
  });`;
const THROWS_ON_REQUEST = `require('node:worker_threads').parentPort.on('message', () => { throw new Error('oops'); });`;
const EXITS_ON_REQUEST = `require('node:worker_threads').parentPort.on('message', () => process.exit(3));`;
const FAILS_TO_START = `throw new Error('no disk');`;
const NEVER_ANSWERS = `require('node:worker_threads').parentPort.on('message', () => {});`;
const FAILS_EACH = `
  const { parentPort } = require('node:worker_threads');
  parentPort.on('message', ({ id }) => {
    parentPort.postMessage({ id, failure: { message: 'UNIQUE constraint failed', errcode: 2067 } });
  });`;

const UNAVAILABLE = { reason: 'STORE_UNAVAILABLE' };

const workers: Worker[] = [];
afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.terminate()));
});

/** A writer whose first thread runs the first script, the next one the next, and so on. */
function writerOf(scripts: string[], options: Partial<SqliteWriterOptions> = {}): SqliteWriter {
  return createSqliteWriter({
    startWorker: () => {
      const worker = new Worker(scripts.shift() ?? ECHO, { eval: true });
      workers.push(worker);
      return worker;
    },
    ...options,
  });
}

const ask = (writer: SqliteWriter, name: string) =>
  writer.call('secretOnce', { name, candidate: new Uint8Array() });

describe('createSqliteWriter', () => {
  it('gives each of many calls its own answer', async () => {
    const writer = writerOf([ECHO]);
    const ids = Array.from({ length: 50 }, (_, n) => `key_${n}`);
    expect(await Promise.all(ids.map((id) => ask(writer, id)))).toEqual(ids);
    expect(workers).toHaveLength(1);
  });

  it('starts no thread before the first write', async () => {
    await writerOf([]).close();
    expect(workers).toHaveLength(0);
  });

  it.each([
    ['throws', THROWS_ON_REQUEST, 'oops'],
    ['exits', EXITS_ON_REQUEST, 'code 3'],
    ['cannot start', FAILS_TO_START, 'no disk'],
  ])(
    'fails all that wait when the thread %s, and starts another for the next',
    async (_, script, message) => {
      const writer = writerOf([script]);
      const calls = [ask(writer, 'a'), ask(writer, 'b')];
      for (const call of calls) {
        await expect(call).rejects.toMatchObject({
          ...UNAVAILABLE,
          cause: { message: expect.stringContaining(message) },
        });
      }
      expect(await ask(writer, 'c')).toBe('c');
      expect(workers).toHaveLength(2);
    },
  );

  it('fails when a thread cannot be had at all', async () => {
    const startWorker = () => {
      throw new Error('out of threads');
    };
    await expect(ask(writerOf([], { startWorker }), 'a')).rejects.toMatchObject(UNAVAILABLE);
  });

  it('gives up on a thread that does not answer', async () => {
    const writer = writerOf([NEVER_ANSWERS], { timeoutMs: 20 });
    await expect(ask(writer, 'a')).rejects.toMatchObject(UNAVAILABLE);
  });

  it('refuses a call at once when too many wait', async () => {
    const writer = writerOf([NEVER_ANSWERS], { maxPending: 2, timeoutMs: 200 });
    const waiting = [ask(writer, 'a'), ask(writer, 'b')];
    await expect(ask(writer, 'c')).rejects.toMatchObject({
      cause: { message: 'too many writes are waiting' },
    });
    await Promise.allSettled(waiting);
  });

  it('tells a broken constraint apart from an outage', async () => {
    await expect(ask(writerOf([FAILS_EACH]), 'a')).rejects.toMatchObject({ reason: 'INTERNAL' });
  });

  it('finishes what was asked for before it closes, and refuses what comes after', async () => {
    const writer = writerOf([ECHO]);
    const call = ask(writer, 'a');
    await writer.close();
    expect(await call).toBe('a');
    await expect(ask(writer, 'b')).rejects.toMatchObject(UNAVAILABLE);
  });

  it('closes in the end although the thread hangs', async () => {
    const writer = writerOf([NEVER_ANSWERS], { timeoutMs: 20 });
    const call = ask(writer, 'a');
    const outcome = expect(call).rejects.toMatchObject(UNAVAILABLE);
    await writer.close();
    await outcome;
  });
});

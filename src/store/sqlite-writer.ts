import { Worker } from 'node:worker_threads';
import type { KeyWrites } from './key-writes.ts';
import { createPendingCalls } from './pending-calls.ts';
import { storeFault, storeFaultFromFailure } from './store-fault.ts';
import type { WriterRequest, WriterResponse, WriterStart } from './writer-protocol.ts';

/** Carries out writes in a thread of their own, one after the other. */
export interface SqliteWriter {
  /** Rejects with a Fault STORE_UNAVAILABLE when the thread fails or does not answer in time. */
  call<K extends keyof KeyWrites>(
    name: K,
    argument: Parameters<KeyWrites[K]>[0],
  ): Promise<ReturnType<KeyWrites[K]>>;
  /** Waits for the writes that were asked for, then ends the thread. */
  close(): Promise<void>;
}

export interface SqliteWriterOptions {
  readonly startWorker: () => Worker;
  /** How long a write may take, the wait for the ones before it included. */
  readonly timeoutMs?: number;
  /** How many writes may wait; one more is refused at once. */
  readonly maxPending?: number;
}

interface WriterThread {
  readonly hasEnded: () => boolean;
  readonly pendingCount: () => number;
  call(name: keyof KeyWrites, argument: unknown): Promise<unknown>;
  close(): Promise<void>;
}

export function startWriterWorker(start: WriterStart): Worker {
  return new Worker(new URL('./sqlite-writer-thread.ts', import.meta.url), { workerData: start });
}

/**
 * The thread is started by the first write, because many a process only reads. When it dies, the writes that
 * wait for it fail, and the next one starts it anew.
 */
export function createSqliteWriter(options: SqliteWriterOptions): SqliteWriter {
  const { startWorker, timeoutMs = 5_000, maxPending = 1_000 } = options;
  let thread: WriterThread | undefined;
  let closed: Promise<void> | undefined;

  function startThread(): WriterThread {
    try {
      return createWriterThread(startWorker(), timeoutMs);
    } catch (error) {
      throw storeFault(error);
    }
  }

  return {
    async call(name, argument) {
      if (closed !== undefined) throw storeFault(new Error('the store is closed'));
      thread = thread === undefined || thread.hasEnded() ? startThread() : thread;
      if (thread.pendingCount() >= maxPending) throw storeFault(new Error('too many writes are waiting'));
      const value = await thread.call(name, argument);
      return value as ReturnType<KeyWrites[typeof name]>;
    },
    close() {
      closed ??= thread?.close() ?? Promise.resolve();
      return closed;
    },
  };
}

function createWriterThread(worker: Worker, timeoutMs: number): WriterThread {
  // A thread that waits for work must not keep a finished program running.
  const pending = createPendingCalls(timeoutMs, () => worker.unref());
  const ended = new AbortController();
  const post = (request: WriterRequest) => {
    worker.ref();
    worker.postMessage(request);
  };
  const end = (cause: Error) => {
    ended.abort(cause);
    pending.rejectAll(cause);
  };
  worker.on('error', end);
  worker.on('messageerror', end);
  worker.on('exit', (code) => end(new Error(`the writer thread ended with code ${code}`)));
  worker.on('message', (response: WriterResponse) => {
    pending.settle(response.id, (call) => {
      if ('failure' in response) call.reject(storeFaultFromFailure(response.failure));
      else call.resolve(response.value);
    });
  });

  return {
    hasEnded: () => ended.signal.aborted,
    pendingCount: pending.count,
    call(name, argument) {
      const { id, answer } = pending.add();
      post({ id, name, argument, deadlineMs: Date.now() + timeoutMs });
      return answer;
    },
    async close() {
      if (ended.signal.aborted) return;
      const exited = new Promise((resolve) => worker.once('exit', resolve));
      post('close');
      const timer = setTimeout(() => worker.terminate(), timeoutMs);
      await exited;
      clearTimeout(timer);
    },
  };
}

// The entry of the writer thread: an fsync takes up to tens of milliseconds on a network disk, and none of that
// may stall the requests of the main thread.
import { parentPort, workerData } from 'node:worker_threads';
import { createKeyWrites } from './key-writes.ts';
import { assertSameFile, BUSY_TIMEOUT_MS, openConnection } from './sqlite-connection.ts';
import { sqliteFailureFromError } from './store-fault.ts';
import type { WriterRequest, WriterResponse, WriterStart } from './writer-protocol.ts';

/** What a write takes once it has its lock, and its answer on the way back. */
const ANSWER_MS = 500;

const port = parentPort;
if (port === null) throw new Error('this module is the entry of a worker thread');

const { path, identity } = workerData as WriterStart;
// Before it is opened as well, because opening would make a missing file anew.
assertSameFile(path, identity);
const db = openConnection(path);
const writes = createKeyWrites(db);

port.on('message', (request: WriterRequest) => {
  if (request === 'close') {
    db.close();
    port.close();
  } else {
    port.postMessage(responseTo(request));
  }
});

function responseTo({ id, name, argument, deadlineMs }: Exclude<WriterRequest, 'close'>): WriterResponse {
  try {
    assertSameFile(path, identity);
    waitForLocksUntil(deadlineMs - ANSWER_MS);
    // Name and argument fit because SqliteWriter.call, which sends them, ties one to the other.
    const write = writes[name] as (argument: unknown) => unknown;
    return { id, value: write(argument) };
  } catch (error) {
    return { id, failure: sqliteFailureFromError(error) };
  }
}

/** What has been reported as failed must not happen later: neither a write that waited too long, nor its wait for a lock. */
function waitForLocksUntil(endMs: number): void {
  const remainingMs = Math.min(BUSY_TIMEOUT_MS, Math.floor(endMs - Date.now()));
  if (remainingMs <= 0) throw new Error('the write waited too long for its turn');
  db.exec(`PRAGMA busy_timeout = ${remainingMs}`);
}

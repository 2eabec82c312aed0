import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Something that must not outlive the test run. A container is named by a label that only it has. */
export interface GuardedThing {
  readonly kind: 'process' | 'container' | 'folder';
  readonly id: string;
}

export interface GuardMessage {
  readonly does: 'guard' | 'forget';
  readonly thing: GuardedThing;
}

let reaper: ChildProcess | undefined;

/**
 * Sees to it that the thing is removed when this process ends, also by a signal that no handler can catch.
 * Returns a function that takes the promise back, for when the thing has been removed in good order.
 */
export function guard(thing: GuardedThing): () => void {
  tellReaper({ does: 'guard', thing });
  return () => tellReaper({ does: 'forget', thing });
}

function tellReaper(message: GuardMessage): void {
  reaper ??= startReaper();
  reaper.stdin?.write(`${JSON.stringify(message)}\n`);
}

function startReaper(): ChildProcess {
  const script = fileURLToPath(new URL('./reaper.ts', import.meta.url));
  const child = spawn(process.execPath, [script], { detached: true, stdio: ['pipe', 'ignore', 'inherit'] });
  child.unref();
  // A pipe to a child is a socket, though its type does not say so; unless it is let go of, it keeps us running.
  if (child.stdin && 'unref' in child.stdin && typeof child.stdin.unref === 'function') child.stdin.unref();
  return child;
}

// A process of its own that outlives the test run by a moment: when the run's end of our standard input closes,
// however the run died, what it still had running is removed. Started by guard.ts, in its own process group so
// that Ctrl-C does not reach it.
import { rm } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import type { GuardedThing, GuardMessage } from './guard.ts';

const alive = new Map<string, GuardedThing>();

for await (const line of createInterface({ input: process.stdin })) {
  const message = JSON.parse(line) as GuardMessage;
  const name = JSON.stringify(message.thing);
  if (message.does === 'guard') alive.set(name, message.thing);
  else alive.delete(name);
}

const removals = {
  process: async (pid: string) => {
    process.kill(Number(pid), 'SIGKILL');
  },
  container: removeContainers,
  folder: (path: string) => rm(path, { recursive: true, force: true, maxRetries: 5 }),
} satisfies Record<GuardedThing['kind'], (id: string) => Promise<void>>;

// In this order, because a folder cannot be emptied while a process still writes into it.
for (const kind of ['process', 'container', 'folder'] as const) {
  const ids = [...alive.values()].filter((thing) => thing.kind === kind).map((thing) => thing.id);
  await Promise.allSettled(ids.map(removals[kind]));
}

async function removeContainers(label: string): Promise<void> {
  const { getContainerRuntimeClient } = await import('testcontainers');
  const { container: client } = await getContainerRuntimeClient();
  const containers = await client.dockerode.listContainers({ all: true, filters: { label: [label] } });
  for (const { Id } of containers) await client.dockerode.getContainer(Id).remove({ force: true, v: true });
}

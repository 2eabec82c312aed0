import { setTimeout as delay } from 'node:timers/promises';
import { type Finding, send } from './campaign.ts';
import { openSubject } from './subject.ts';

/** How long a process may take to die of an input. */
const DEATH_MS = 50;

/** Sends suspects one by one to a service of their own until it breaks; the finding then names the input. */
export async function isolate(finding: Finding): Promise<Finding> {
  const { suspects = [], problem } = finding;
  if (suspects.length === 0) return finding;
  const subject = await openSubject();
  try {
    for (const input of suspects) {
      await send(subject.program.port, [input]);
      const dead = await isDead(subject.program.pid);
      if (dead)
        return { input, problem: `${problem}; alone, this input ends the service:\n${subject.lastWords()}` };
    }
    return { ...finding, problem: `${problem}; none of its inputs does that alone` };
  } finally {
    // It may have ended by itself, which is what was looked for.
    await Promise.allSettled([subject[Symbol.asyncDispose]()]);
  }
}

async function isDead(pid: number): Promise<boolean> {
  await delay(DEATH_MS);
  try {
    process.kill(pid, 0);
    return false;
  } catch {
    return true;
  }
}

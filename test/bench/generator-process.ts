import { fork } from 'node:child_process';
import { once } from 'node:events';
import { guard } from '../support/guard.ts';
import { repositoryPath } from './child-server.ts';
import type { LoadOrder, LoadReport, LoadResult } from './load-order.ts';

export interface LoadGenerator extends AsyncDisposable {
  /** Makes one round of load. Rejects when an answer was wrong or did not come. */
  run(order: LoadOrder): Promise<LoadResult>;
}

/** How long after its end a round may still wait for its last answers. */
const LAST_ANSWERS_MS = 30_000;

export function startLoadGenerator(): LoadGenerator {
  const child = fork(repositoryPath('test/bench/load-generator.ts'));
  const forget = child.pid === undefined ? () => {} : guard({ kind: 'process', id: String(child.pid) });
  return {
    run: async (order) => {
      child.send(order);
      const signal = AbortSignal.timeout(order.durationMs + LAST_ANSWERS_MS);
      const [report]: LoadReport[] = await once(child, 'message', { signal });
      if (report === undefined) throw new Error('the load generator reported nothing');
      if ('failure' in report) throw new Error(report.failure);
      return report;
    },
    [Symbol.asyncDispose]: async () => {
      const exit = once(child, 'exit');
      child.kill();
      await exit;
      forget();
    },
  };
}

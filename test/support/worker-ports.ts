// What workers share through their primary, without processes: messages are cloned as between processes, in order.
import { MessageChannel } from 'node:worker_threads';
import { schedule } from '../../src/system.ts';
import { createExchange, type ExchangeMessage } from '../../src/workers/exchange.ts';
import { createSharedAnswers, type SharedPorts, sharedThrough } from '../../src/workers/shared-ports.ts';
import { systemClock } from './system-clock.ts';

export interface WorkerPortsPlace {
  /** The side of one more worker. */
  connect(): SharedPorts & { close(): void };
  remove(): Promise<void>;
}

export function createWorkerPorts(): WorkerPortsPlace {
  const answers = createSharedAnswers(systemClock);
  const connected = new Set<() => void>();

  return {
    connect() {
      const { port1, port2 } = new MessageChannel();
      const primary = createExchange({
        send: (message) => port1.postMessage(message),
        answers,
        schedule,
        timeoutMs: 1_000,
      });
      const worker = createExchange<Record<string, never>, typeof answers>({
        send: (message) => port2.postMessage(message),
        answers: {},
        schedule,
        timeoutMs: 1_000,
      });
      port1.on('message', (message: ExchangeMessage) => primary.receive(message));
      port2.on('message', (message: ExchangeMessage) => worker.receive(message));
      const close = () => {
        port1.close();
        worker.close();
        connected.delete(close);
      };
      connected.add(close);
      return { ...sharedThrough(worker, () => connected.size), close };
    },
    async remove() {
      for (const close of connected) close();
    },
  };
}

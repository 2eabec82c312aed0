// What becomes of the process: see events.ts.
import type { Logger } from './logger.ts';

export interface LifeEvents {
  listenerFailed(cause: unknown): void;
  listening(where: { readonly host: string; readonly port: number }): void;
  /** There is only this process, which cannot be replaced without a pause. */
  reloadRefused(): void;
  draining(): void;
  /** What was cut, if anything, by route and protocol. */
  stopped(outcome: {
    readonly clean: boolean;
    readonly cutConnections: number;
    readonly cutCalls: readonly { readonly route: string; readonly calls: number }[];
  }): void;
}

export function createLifeEvents(logger: Logger): LifeEvents {
  return {
    listenerFailed: (err) => logger.error({ err }, 'the listening socket failed'),
    listening: (where) => logger.info(where, 'listening'),
    reloadRefused: () =>
      logger.warn(
        'SIGHUP replaces workers one after the other, which takes --workers 2 or more; nothing was done',
      ),
    draining: () => logger.info('draining: no new calls, running ones finish'),
    stopped: (outcome) => logger[outcome.clean ? 'info' : 'warn'](outcome, 'stopped'),
  };
}

import type { Client, ClientConfig } from 'pg';
import { clientConfigFromUrl } from './postgres-url.ts';

const KEEP_ALIVE_AFTER_MS = 10_000;
/** How long a connection may take to say goodbye. */
const END_TIMEOUT_MS = 1_000;

/**
 * A class of clients each of which connects to where `databaseUrl` leads at that moment, so that a password that
 * has changed counts for every connection from then on. Where it cannot be read, as in the middle of a change, the
 * last one counts. Throws as clientConfigFromUrl does, and when a file that the URL names cannot be read.
 */
export function clientClass(
  pg: { readonly Client: typeof Client },
  databaseUrl: () => string,
  options: Pick<ClientConfig, 'connectionTimeoutMillis' | 'query_timeout'> = {},
): new () => Client {
  let last = currentConfig();

  function currentConfig(): ClientConfig {
    const config = {
      ...clientConfigFromUrl(databaseUrl()),
      ...options,
      fallback_application_name: 'presignd',
      keepAlive: true,
      keepAliveInitialDelayMillis: KEEP_ALIVE_AFTER_MS,
    };
    // It reads the files of certificates when it is made, and the pool does not bear a client that throws then.
    new pg.Client(config);
    return config;
  }

  function latestConfig(): ClientConfig {
    try {
      last = currentConfig();
    } catch {}
    return last;
  }

  return class extends pg.Client {
    constructor() {
      super(latestConfig());
      // Whatever it is, the call that is under way is told as well; unheard, the event would end the process.
      this.on('error', () => {});
    }

    override end(): Promise<void>;
    override end(callback: (error: Error) => void): void;
    override end(callback?: (error: Error) => void): Promise<void> | void {
      // A server that hangs never closes its side, and the open socket would keep a finished process running.
      const timer = setTimeout(() => this.connection.stream.destroy(), END_TIMEOUT_MS).unref();
      this.once('end', () => clearTimeout(timer));
      return callback === undefined ? super.end() : super.end(callback);
    }
  };
}

import { createServer, type Server } from 'node:http';
import { BlockList, isIP, isIPv6 } from 'node:net';
import type { CorsRule } from './cors.ts';
import { createRequestHandler, type RequestHandler } from './request-handler.ts';
import { openStore, type Store } from './store.ts';

export interface LocalS3Options {
  /** Folder of the objects; made if it is not there. One process may use it at a time. */
  readonly root: string;
  /** A loopback address. */
  readonly host?: string;
  /** 0 picks a free one. */
  readonly port: number;
  readonly region: string;
  /** Secret access keys by access key id. */
  readonly credentials: Readonly<Record<string, string>>;
  /** Buckets to make where they are not there yet. */
  readonly buckets: readonly string[];
  /** Of these, the buckets whose objects anyone may read. */
  readonly publicReadBuckets: readonly string[];
  readonly cors: readonly CorsRule[];
  /** Milliseconds since the epoch. */
  readonly wallClockMs: () => number;
  /** The value of NODE_ENV. */
  readonly nodeEnv: string | undefined;
  /** Told of errors that the client only sees as InternalError. */
  readonly onInternalError?: (error: unknown) => void;
}

export interface LocalS3 {
  /** The endpoint to configure a client with; use path style addressing. */
  readonly url: string;
  readonly port: number;
  /** Ends idle connections at once and the others within seconds. What was uploaded stays. */
  close(): Promise<void>;
}

const HEADERS_TIMEOUT_MS = 20_000;
/** A connection over which nothing moves for this long is ended, and its upload forgotten. */
const IDLE_TIMEOUT_MS = 60_000;
const CLOSE_GRACE_MS = 2_000;

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

/**
 * Opens the development S3 endpoint: real signatures, real refusals, files on the local disk. It has one set of
 * credentials and no other protection, so it serves loopback only and never a production environment.
 * @throws Error when asked to serve anything else, when the port is taken, or when another process uses the folder.
 */
export async function openLocalS3(options: LocalS3Options): Promise<LocalS3> {
  const { host = '127.0.0.1', port, region, wallClockMs } = options;
  if (options.nodeEnv === 'production') {
    throw new Error('the local S3 endpoint is for development and refuses to start with NODE_ENV=production');
  }
  if (!isLoopback(host)) throw new Error(`the local S3 endpoint listens on loopback only, not on ${host}`);
  const store = await openStore(options.root);
  try {
    makeBuckets(store, options);
    const handle = createRequestHandler({
      context: { store, region, wallClockMs, credentials: new Map(Object.entries(options.credentials)) },
      cors: options.cors,
      publicReadBuckets: new Set(options.publicReadBuckets),
      onInternalError: options.onInternalError ?? (() => {}),
    });
    const inFlight = new Set<Promise<void>>();
    const server = createHttpServer((...request) => {
      const done = handle(...request).finally(() => inFlight.delete(done));
      inFlight.add(done);
      return done;
    });
    const boundPort = await listen(server, port, host);
    return {
      url: `http://${isIPv6(host) ? `[${host}]` : host}:${boundPort}`,
      port: boundPort,
      async close() {
        await closeServer(server);
        await Promise.allSettled(inFlight);
        store.close();
      },
    };
  } catch (error) {
    store.close();
    throw error;
  }
}

function makeBuckets({ objects }: Store, options: LocalS3Options): void {
  const existing = new Set(objects.listBuckets().map(({ name }) => name));
  for (const bucket of new Set(options.buckets)) {
    if (!existing.has(bucket)) objects.createBucket(bucket, options.wallClockMs());
  }
  const unknown = options.publicReadBuckets.find((bucket) => !options.buckets.includes(bucket));
  if (unknown !== undefined) throw new Error(`the public bucket ${unknown} is not one of the buckets`);
}

function createHttpServer(handle: RequestHandler): Server {
  const server = createServer({
    // Uploads of gigabytes take their time; a connection is ended for being idle, not for being long.
    requestTimeout: 0,
    headersTimeout: HEADERS_TIMEOUT_MS,
    keepAliveTimeout: IDLE_TIMEOUT_MS,
  });
  server.setTimeout(IDLE_TIMEOUT_MS);
  server.on('request', (message, response) => void handle(message, response, false));
  server.on('checkContinue', (message, response) => void handle(message, response, true));
  return server;
}

function listen(server: Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}

async function closeServer(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), CLOSE_GRACE_MS);
  await closed;
  clearTimeout(timer);
}

function isLoopback(host: string): boolean {
  return isIP(host) !== 0 && LOOPBACK.check(host, isIPv6(host) ? 'ipv6' : 'ipv4');
}

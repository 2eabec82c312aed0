import { setMaxListeners } from 'node:events';
import type { DescService } from '@bufbuild/protobuf';
import type { ConnectRouter, ConnectRouterOptions } from '@connectrpc/connect';
import { compressionBrotli, compressionGzip } from '@connectrpc/connect-node';
import type { Fault } from '../fault/fault.ts';
import type { Door } from './http-handler.ts';
import { createNodeHandler } from './node-handler.ts';
import { looksLikeRpc, unknownRpc } from './unknown-rpc.ts';

/** A presigned upload is about a kilobyte; compressing that costs more than it saves. Reflection answers are larger. */
const COMPRESS_MIN_BYTES = 8 * 1024;

export interface RouterLimits {
  /** The most that a message may take, before and after decompression. */
  readonly readMaxBytes: number;
  /** Ends streams when it aborts. Unary calls that are under way are finished. */
  readonly shutdownSignal: AbortSignal;
}

/** How every router is to serve, whatever its services. */
export function routerOptions({ readMaxBytes, shutdownSignal }: RouterLimits): ConnectRouterOptions {
  // Every running call listens to it; Node would warn of a leak from the eleventh on.
  setMaxListeners(0, shutdownSignal);
  return {
    acceptCompression: [compressionGzip, compressionBrotli],
    compressMinBytes: COMPRESS_MIN_BYTES,
    readMaxBytes,
    shutdownSignal,
  };
}

/**
 * The RPCs of a router; any other path that could be an RPC's is answered as an unknown one. `refusalOf` gives for a
 * service what its handlers ask before anything else: why a call is not taken on.
 */
export function createRouterDoor(
  { handlers }: Pick<ConnectRouter, 'handlers'>,
  refusalOf: (service: DescService) => (() => Fault | undefined) | undefined = () => undefined,
): Door {
  const byPath = new Map(
    handlers.map((handler) => [handler.requestPath, createNodeHandler(handler, refusalOf(handler.service))]),
  );
  return { match: (path) => byPath.get(path) ?? (looksLikeRpc(path) ? unknownRpc : undefined) };
}

import { setMaxListeners } from 'node:events';
import type { DescService } from '@bufbuild/protobuf';
import type { ConnectRouter, ConnectRouterOptions } from '@connectrpc/connect';
import type { Fault } from '../fault/fault.ts';
import { COMPRESS_MIN_BYTES, COMPRESSIONS } from './answer-compression.ts';
import type { Door } from './http-handler.ts';
import { createLeanHandler, type LeanMethod } from './lean-handler.ts';
import { createNodeHandler } from './node-handler.ts';
import { looksLikeRpc, unknownRpc } from './unknown-rpc.ts';

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
    acceptCompression: COMPRESSIONS,
    compressMinBytes: COMPRESS_MIN_BYTES,
    readMaxBytes,
    shutdownSignal,
  };
}

export interface RouterDoorOptions {
  /** For a service, what its handlers ask before anything else: why a call is not taken on. */
  readonly refusalOf?: (service: DescService) => (() => Fault | undefined) | undefined;
  /** Those of the router's methods whose usual calls go past connect's own handlers. */
  readonly leanMethods?: readonly LeanMethod[];
}

/** The RPCs of a router; any other path that could be an RPC's is answered as an unknown one. */
export function createRouterDoor(
  { handlers }: Pick<ConnectRouter, 'handlers'>,
  { refusalOf, leanMethods = [] }: RouterDoorOptions = {},
): Door {
  const lean = new Map(leanMethods.map((method) => [`/${method.call.route}`, createLeanHandler(method)]));
  const byPath = new Map(
    handlers.map((handler) => {
      const serveLean = lean.get(handler.requestPath);
      const refusal = refusalOf?.(handler.service);
      return [handler.requestPath, createNodeHandler(handler, { refusal, serveLean })];
    }),
  );
  return { match: (path) => byPath.get(path) ?? (looksLikeRpc(path) ? unknownRpc : undefined) };
}

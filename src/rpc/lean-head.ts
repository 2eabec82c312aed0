import {
  contentTypeUnaryJson,
  contentTypeUnaryProto,
  parseTimeout,
} from '@connectrpc/connect/protocol-connect';
import {
  contentTypeJson as contentTypeGrpcJson,
  contentTypeProto as contentTypeGrpcProto,
  parseTimeout as parseGrpcTimeout,
} from '@connectrpc/connect/protocol-grpc';
import {
  contentTypeJson as contentTypeWebJson,
  contentTypeProto as contentTypeWebProto,
} from '@connectrpc/connect/protocol-grpc-web';
import { MAX_DEADLINE_MS } from './deadline.ts';
import type { HttpRequest } from './http-handler.ts';
import type { Protocol } from './protocol-error.ts';

/** How a protocol says in headers what the lean path has to know. */
interface Dialect {
  readonly protocol: Protocol;
  /** How the request is compressed. */
  readonly encodingHeader: string;
  /** How the answer may be. */
  readonly acceptHeader: string;
  readonly timeoutHeader: string;
  readonly parseTimeout: typeof parseTimeout;
}

const CONNECT: Dialect = {
  protocol: 'connect',
  encodingHeader: 'content-encoding',
  acceptHeader: 'accept-encoding',
  timeoutHeader: 'connect-timeout-ms',
  parseTimeout,
};

const GRPC: Dialect = {
  protocol: 'grpc',
  encodingHeader: 'grpc-encoding',
  acceptHeader: 'grpc-accept-encoding',
  timeoutHeader: 'grpc-timeout',
  parseTimeout: parseGrpcTimeout,
};

const GRPC_WEB: Dialect = { ...GRPC, protocol: 'grpc-web' };

/** A dialect with a codec. */
export interface Wire extends Dialect {
  readonly isBinary: boolean;
  /** Of an answer that is a message. */
  readonly contentType: string;
}

const CONNECT_JSON: Wire = { ...CONNECT, isBinary: false, contentType: contentTypeUnaryJson };
const GRPC_PROTO: Wire = { ...GRPC, isBinary: true, contentType: contentTypeGrpcProto };
const WEB_PROTO: Wire = { ...GRPC_WEB, isBinary: true, contentType: contentTypeWebProto };

/** By content type as clients write it; what is written otherwise is left to the stock handlers. */
const WIRES: ReadonlyMap<string, Wire> = new Map([
  ['application/json', CONNECT_JSON],
  ['application/json; charset=utf-8', CONNECT_JSON],
  ['application/proto', { ...CONNECT, isBinary: true, contentType: contentTypeUnaryProto }],
  ['application/grpc', GRPC_PROTO],
  ['application/grpc+proto', GRPC_PROTO],
  ['application/grpc+json', { ...GRPC, isBinary: false, contentType: contentTypeGrpcJson }],
  ['application/grpc-web', WEB_PROTO],
  ['application/grpc-web+proto', WEB_PROTO],
  ['application/grpc-web+json', { ...GRPC_WEB, isBinary: false, contentType: contentTypeWebJson }],
]);

/** What the head of a request says of the call. */
export interface LeanHead {
  readonly wire: Wire;
  readonly timeoutMs: number | undefined;
}

/** Undefined for whatever is out of the ordinary, which is left to the stock handlers. */
export function leanHeadOf(request: HttpRequest, readMaxBytes: number): LeanHead | undefined {
  const { headers } = request;
  const wire = WIRES.get(headers['content-type'] ?? '');
  if (wire === undefined || request.method !== 'POST') return undefined;
  // Trailers are something else over HTTP/1.1, and gRPC is not made for them.
  if (wire.protocol === 'grpc' && !('stream' in request)) return undefined;
  const encoding = headers[wire.encodingHeader];
  if (encoding !== undefined && encoding !== 'identity') return undefined;
  if (wire.protocol === 'connect' && Number(headers['content-length'] ?? 0) > readMaxBytes) return undefined;
  const timeout = headers[wire.timeoutHeader];
  if (timeout === undefined) return { wire, timeoutMs: undefined };
  const { timeoutMs, error } = wire.parseTimeout(String(timeout), Number.POSITIVE_INFINITY);
  if (timeoutMs === undefined || error !== undefined) return undefined;
  return { wire, timeoutMs: Math.min(timeoutMs, MAX_DEADLINE_MS) };
}

// What the span of a request says, by the semantic conventions of OpenTelemetry. Paths, queries and headers are left
// out: they may hold file names, tokens and signatures.
import type { Attributes } from '@opentelemetry/api';
import { Fault } from '../fault/fault.ts';
import type { RequestEnd, RequestRecord } from './request-record.ts';

/** Others are `_OTHER`, because a caller can make up any. */
const METHODS: ReadonlySet<string> = new Set([
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'OPTIONS',
  'CONNECT',
  'TRACE',
]);

const RPC_SYSTEMS: Readonly<Record<string, string>> = {
  grpc: 'grpc',
  'grpc-web': 'grpc',
  connect: 'connect_rpc',
};

/** Codes that say that this side failed, rather than the caller. */
const SERVER_FAILURES: ReadonlySet<string> = new Set([
  'unknown',
  'deadline_exceeded',
  'unimplemented',
  'internal',
  'unavailable',
  'data_loss',
]);

/** The route, or for what has none the method. */
export function requestSpanName({ route }: RequestRecord, { method }: RequestEnd): string {
  return route === 'unmatched' ? knownMethod(method) : route;
}

export function requestAttributes(record: RequestRecord, end: RequestEnd): Attributes {
  const { route, protocol, code } = record;
  const [service = '', method] = route.split('/');
  const isHttp = route.startsWith('/');
  const isRpc = !isHttp && method !== undefined;
  const failed = serverFailed(record, end);
  return {
    'http.request.method': knownMethod(end.method),
    'http.response.status_code': end.status,
    'network.protocol.version': end.httpVersion === '2.0' ? '2' : end.httpVersion,
    'client.address': record.remoteAddress,
    ...(isHttp ? { 'http.route': route } : {}),
    ...(isRpc ? { 'rpc.service': service, 'rpc.method': method } : {}),
    ...(isRpc && RPC_SYSTEMS[protocol] !== undefined ? { 'rpc.system': RPC_SYSTEMS[protocol] } : {}),
    ...(failed ? { 'error.type': record.reason ?? code } : {}),
    'presignd.request_id': record.requestId,
    'presignd.protocol': protocol,
    'presignd.code': code,
    'presignd.reason': record.reason,
    'presignd.key_id': record.keyId,
    'presignd.owner': record.owner,
    'presignd.upload_token_id': record.uploadTokenId,
  };
}

export function serverFailed({ code }: RequestRecord, { status }: RequestEnd): boolean {
  return status >= 500 || SERVER_FAILURES.has(code);
}

export function errorTypeOf(error: unknown): string {
  if (error instanceof Fault) return error.reason;
  return error instanceof Error ? error.name : 'unknown';
}

function knownMethod(method: string): string {
  return METHODS.has(method) ? method : '_OTHER';
}

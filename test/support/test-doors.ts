import { randomUUID } from 'node:crypto';
import { Fault } from '../../src/fault/fault.ts';
import type { Principal } from '../../src/keys/api-key.ts';
import type { Keys } from '../../src/keys/keys.ts';
import { sendFault } from '../../src/rest/envelope.ts';
import { createRestDoor } from '../../src/rest/rest-door.ts';
import type { Verify } from '../../src/rpc/authenticate.ts';
import type { HttpRequest, HttpResponse } from '../../src/rpc/http-handler.ts';
import { createRpcDoor, type RpcDoorDeps } from '../../src/rpc/rpc-door.ts';
import { createHealth } from '../../src/telemetry/health.ts';
import type { RequestRecord } from '../../src/telemetry/request-record.ts';
import type { ObjectKey } from '../../src/uploads/upload.ts';
import type { Uploads } from '../../src/uploads/uploads.ts';

/** What an internal error says. It must never reach a caller. */
export const SECRET_CAUSE = 'connect ECONNREFUSED db.internal:5432 password=hunter2';

/** The address that has failed too often, from the test verifier's point of view, is the one that sends this token. */
export const TOKENS = {
  good: 'good',
  withoutScope: 'without-scope',
  unknown: 'unknown',
  revoked: 'revoked',
  expired: 'expired',
  disabled: 'disabled',
  malformed: 'malformed',
  limited: 'limited',
  storeDown: 'store-down',
  storeBroken: 'store-broken',
  hanging: 'hanging',
} as const;

const PRINCIPAL: Principal = {
  keyId: 'key_1',
  owner: 'acme',
  scopes: ['uploads:create'],
  policy: null,
  rateLimit: null,
};

/** Verifies by a table instead of a store: each token has one fixed outcome. */
export const verifyByTable: Verify = async (authorization) => {
  if (authorization === undefined) throw new Fault('KEY_MISSING');
  switch (authorization.replace(/^Bearer /, '')) {
    case TOKENS.good:
      return PRINCIPAL;
    case TOKENS.withoutScope:
      return { ...PRINCIPAL, scopes: ['uploads:read'] };
    case TOKENS.unknown:
      throw new Fault('KEY_UNKNOWN');
    case TOKENS.revoked:
      throw new Fault('KEY_REVOKED');
    case TOKENS.expired:
      throw new Fault('KEY_EXPIRED');
    case TOKENS.disabled:
      throw new Fault('KEY_DISABLED');
    case TOKENS.limited:
      throw new Fault('RATE_LIMITED', { retryAfterMs: 2_500 });
    case TOKENS.storeDown:
      throw new Fault('STORE_UNAVAILABLE', { retryAfterMs: 1_000, cause: new Error(SECRET_CAUSE) });
    case TOKENS.storeBroken:
      throw new Error(SECRET_CAUSE);
    case TOKENS.hanging:
      return new Promise(() => {});
    default:
      throw new Fault('KEY_MALFORMED');
  }
};

/** Signs nothing: answers what it was asked for, or fails if the file's name says so. */
export const echoUploads: Uploads = {
  issuePut: ({ filename, contentType, sizeBytes, options }, principal) => {
    if (filename === 'unavailable')
      throw new Fault('SIGNING_UNAVAILABLE', { cause: new Error(SECRET_CAUSE) });
    if (filename === 'internal') throw new TypeError(SECRET_CAUSE);
    const fileKey = `uploads/${principal.owner}/1/${encodeURIComponent(filename)}` as ObjectKey;
    return {
      uploadUrl: `https://bucket.example/${fileKey}?X-Amz-Signature=00`,
      publicUrl: `https://cdn.example/${filename}`,
      fileKey,
      method: 'PUT',
      headers: {
        'content-type': contentType,
        'content-length': String(sizeBytes),
        ...(options && { 'x-options': JSON.stringify(options) }),
      },
      expiresAtMs: Date.UTC(2030, 0, 31, 12),
    };
  },
};

const noKeys = () => Promise.reject(new Error('these doors have no keys room'));
const absentKeys: Keys = {
  create: noKeys,
  list: noKeys,
  get: noKeys,
  update: noKeys,
  revoke: noKeys,
  rotate: noKeys,
  audit: noKeys,
  bootstrap: noKeys,
  close: () => {},
};

/**
 * Both doors over the table verifier and the echoing uploads, without limits and without a keys room unless the test
 * brings them, and a listener for any of Node's HTTP servers.
 */
export function createTestDoors(deps: Partial<RpcDoorDeps> = {}) {
  const shutdown = new AbortController();
  const health = createHealth({ version: '0', dependencies: {}, clock: () => 0 });
  const rpcDoor = createRpcDoor({
    verify: verifyByTable,
    uploads: echoUploads,
    keys: absentKeys,
    limiter: { take: () => undefined },
    byteUsage: async () => [],
    wallClockMs: () => 0,
    health,
    shutdownSignal: shutdown.signal,
    ...deps,
  });
  const restDoor = createRestDoor({ calls: rpcDoor.calls, rpcDoor });
  /** The records of finished requests, oldest first. */
  const records: RequestRecord[] = [];

  const listener = (request: HttpRequest, response: HttpResponse) => {
    const record = createRecord();
    // A copy, for a log line too shows only what was known by then.
    response.on('close', () => records.push({ ...record }));
    response.setHeader('x-request-id', record.requestId);
    const [path = ''] = (request.url ?? '').split('?', 1);
    const handler = restDoor.match(path) ?? rpcDoor.match(path);
    if (handler === undefined) sendFault(request, response, record, new Fault('ROUTE_NOT_FOUND'));
    else handler(request, response, record);
  };
  return { rpcDoor, restDoor, health, shutdown, records, listener };
}

export function createRecord(): RequestRecord {
  return {
    requestId: `req_${randomUUID()}`,
    startedAtMs: 0,
    remoteAddress: '127.0.0.1',
    route: 'unmatched',
    protocol: 'http',
    code: 'ok',
  };
}

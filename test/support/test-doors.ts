import { createSecretKey, randomBytes, randomUUID } from 'node:crypto';
import { Fault } from '../../src/fault/fault.ts';
import { createBatches } from '../../src/flow/batches.ts';
import type { KeyDigest, Principal, UploadTokenGrant } from '../../src/keys/api-key.ts';
import type { Keys } from '../../src/keys/keys.ts';
import { createUploadTokens } from '../../src/keys/upload-tokens.ts';
import { sendFault } from '../../src/rest/envelope.ts';
import { createRestDoor } from '../../src/rest/rest-door.ts';
import type { Verify } from '../../src/rpc/authenticate.ts';
import type { HttpRequest, HttpResponse } from '../../src/rpc/http-handler.ts';
import { createRpcDoor, type RpcDoorDeps } from '../../src/rpc/rpc-door.ts';
import { createSealer } from '../../src/seal/create-sealer.ts';
import { afterInput } from '../../src/system.ts';
import { createHealth } from '../../src/telemetry/health.ts';
import type { RequestRecord } from '../../src/telemetry/request-record.ts';
import { echoUploads, SECRET_CAUSE } from './echo-uploads.ts';

export { SECRET_CAUSE };

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
  uploadToken: 'upload-token',
  uploadTokenToCreate: 'upload-token-to-create',
  uploadTokenWithoutScope: 'upload-token-without-scope',
  uploadTokenOfOrigin: 'upload-token-of-origin',
} as const;

const PRINCIPAL: Principal = {
  keyId: 'key_1',
  owner: 'acme',
  scopes: ['uploads:create', 'uploads:read'],
  policy: null,
  rateLimit: null,
  digest: 'd'.repeat(43) as KeyDigest,
};

const GRANT: UploadTokenGrant = {
  id: 'upl_1',
  actions: ['create', 'sign', 'complete'],
  expiresAtMs: Date.UTC(2030, 0),
  maxFiles: 1,
  maxTotalBytes: null,
  policy: null,
  origin: null,
};

/** The only one from which `TOKENS.uploadTokenOfOrigin` is taken. */
export const ORIGIN = 'https://app.example.com';

export const testUploadTokens = createUploadTokens({
  sealer: createSealer([createSecretKey(Buffer.alloc(32, 1))], 'upload-token'),
  randomBytes,
});

/** Verifies by a table instead of a store: each token has one fixed outcome. */
export const verifyByTable: Verify = async (authorization, _address, origin) => {
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
    case TOKENS.uploadToken:
      return { ...PRINCIPAL, uploadToken: GRANT };
    case TOKENS.uploadTokenToCreate:
      return { ...PRINCIPAL, uploadToken: { ...GRANT, actions: ['create'] } };
    case TOKENS.uploadTokenWithoutScope:
      return { ...PRINCIPAL, scopes: ['uploads:read'], uploadToken: GRANT };
    case TOKENS.uploadTokenOfOrigin:
      if (origin !== ORIGIN) throw new Fault('UPLOAD_TOKEN_ORIGIN');
      return { ...PRINCIPAL, uploadToken: GRANT };
    default:
      throw new Fault('KEY_MALFORMED');
  }
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
    uploadTokens: testUploadTokens,
    keys: absentKeys,
    limiter: { take: () => undefined },
    byteUsage: async () => [],
    wallClockMs: () => 0,
    batches: createBatches(afterInput),
    health,
    shutdownSignal: shutdown.signal,
    ...deps,
  });
  const restDoor = createRestDoor({ calls: rpcDoor.calls, rpcDoor });
  /** The records of finished requests, oldest first. */
  const records: RequestRecord[] = [];

  const listener = (request: HttpRequest, response: HttpResponse) => {
    const record = createRecord(request.headers['x-request-id']?.toString());
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

export function createRecord(requestId = `req_${randomUUID()}`): RequestRecord {
  return {
    requestId,
    startedAtMs: performance.now(),
    remoteAddress: '127.0.0.1',
    route: 'unmatched',
    protocol: 'http',
    code: 'ok',
  };
}

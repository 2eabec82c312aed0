import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import type { HandlerContext, ServiceImpl } from '@connectrpc/connect';
import type { ApiKeyService } from '../../gen/apikeys/v1/api_key_service_pb.js';
import type { Principal } from '../keys/api-key.ts';
import { isOfCertificate } from '../keys/certificate-owner.ts';
import type { Caller, Keys } from '../keys/keys.ts';
import type { ByteUsage } from '../quota/byte-quota.ts';
import type { KeyRateVerdict } from '../quota/key-limiter.ts';
import {
  apiKeyMessage,
  certificateMessage,
  changedKeyMessage,
  createInputFrom,
  issuedKeyMessage,
  keyListMessage,
  listInputFrom,
  overlapMsFrom,
  updateInputFrom,
} from './api-key-message.ts';
import { callOf, callerOf as knownCaller, rateOf } from './call.ts';

export interface ApiKeyServiceDeps {
  readonly keys: Keys;
  /** What is left of the byte quotas of a key. */
  readonly byteUsage: (principal: Principal, nowMs: number) => Promise<readonly ByteUsage[]>;
  readonly wallClockMs: () => number;
}

/** apikeys.v1.ApiKeyService: maps between the contract's messages and the keys room's use cases. */
export function createApiKeyService(deps: ApiKeyServiceDeps): ServiceImpl<typeof ApiKeyService> {
  const { keys, byteUsage, wallClockMs } = deps;

  return {
    createApiKey: async (request, context) => {
      const { idempotencyKey } = callOf(context.values);
      const created = await keys.create({ ...createInputFrom(request), idempotencyKey }, callerOf(context));
      return issuedKeyMessage(created, wallClockMs());
    },

    listApiKeys: async (request, context) => {
      const found = await keys.list(listInputFrom(request), callerOf(context));
      return keyListMessage(request, found, wallClockMs());
    },

    getApiKey: async ({ keyId }, context) =>
      apiKeyMessage(await keys.get(keyId, callerOf(context)), wallClockMs()),

    updateApiKey: async (request, context) =>
      changedKeyMessage(
        await keys.update(request.keyId, updateInputFrom(request), callerOf(context)),
        wallClockMs(),
      ),

    revokeApiKey: async ({ keyId, reason }, context) =>
      changedKeyMessage(await keys.revoke(keyId, reason, callerOf(context)), wallClockMs()),

    rotateApiKey: async ({ keyId, overlap }, context) =>
      issuedKeyMessage(await keys.rotate(keyId, overlapMsFrom(overlap), callerOf(context)), wallClockMs()),

    whoAmI: async (_, context) => {
      const caller = callerOf(context);
      const nowMs = wallClockMs();
      const [key, usage] = await Promise.all([
        isOfCertificate(caller.principal)
          ? certificateMessage(caller.principal)
          : keys.get(caller.principal.keyId, caller).then((own) => apiKeyMessage(own, nowMs)),
        byteUsage(caller.principal, nowMs),
      ]);
      const rate = rateOf(context.values);
      return {
        key,
        rate: rate && rateMessage(rate, nowMs),
        byteQuotas: usage.map(byteQuotaMessage),
      };
    },
  };
}

function callerOf({ values }: HandlerContext): Caller & { readonly principal: Principal } {
  const principal = knownCaller(values);
  const { remoteAddress, requestId } = callOf(values).record;
  return { principal, actor: principal.keyId, address: remoteAddress, requestId };
}

function rateMessage({ plan, requests, windowMs, remaining, resetMs }: KeyRateVerdict, nowMs: number) {
  return {
    plan,
    limit: requests,
    windowSeconds: Math.ceil(windowMs / 1000),
    remaining,
    resetAt: timestampFromMs(Math.ceil(nowMs + resetMs)),
  };
}

function byteQuotaMessage({ period, limitBytes, usedBytes, resetAtMs }: ByteUsage) {
  return {
    period,
    limit: BigInt(limitBytes),
    used: BigInt(usedBytes),
    resetAt: timestampFromMs(resetAtMs),
  };
}

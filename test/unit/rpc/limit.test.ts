import {
  Code,
  ConnectError,
  createClient,
  createRouterTransport,
  type Interceptor,
} from '@connectrpc/connect';
import { describe, expect, it } from 'vitest';
import { RetryInfoSchema } from '../../../gen/google/rpc/error_details_pb.js';
import { UploadService } from '../../../gen/upload/v1/upload_service_pb.js';
import { Fault } from '../../../src/fault/fault.ts';
import type { KeyLimiter, KeyRateVerdict } from '../../../src/quota/key-limiter.ts';
import { contextOf, rateOf, setPrincipal } from '../../../src/rpc/call.ts';
import { createCallCount, limit } from '../../../src/rpc/limit.ts';
import { translate } from '../../../src/rpc/translate.ts';
import { principalWith } from '../../support/rate-fleet.ts';
import { createRecord } from '../../support/test-doors.ts';

const NOW_MS = 1_800_000_000_400;

const HALF_USED: KeyRateVerdict = {
  plan: 'pro',
  requests: 100,
  windowMs: 60_000,
  allowed: true,
  remaining: 50,
  retryAfterMs: 0,
  resetMs: 30_000,
};
const USED_UP: KeyRateVerdict = {
  ...HALF_USED,
  allowed: false,
  remaining: 0,
  retryAfterMs: 599.4,
  resetMs: 60_000,
};

/** What a call is answered, and with which headers, when the limiter says `verdict`; then the chain goes on with `next`. */
async function call(
  verdict: ReturnType<KeyLimiter['take']>,
  { authenticated = true, next = (inner) => inner }: { authenticated?: boolean; next?: Interceptor } = {},
) {
  const headers: Record<string, string> = {};
  const values = contextOf({
    record: createRecord(),
    authorization: undefined,
    origin: undefined,
    idempotencyKey: undefined,
    setHeader(name, value) {
      headers[name] = value;
    },
    hasDeadline: false,
    undecoded: [],
  });
  if (authenticated) setPrincipal(values, principalWith(null));
  const door: Interceptor = (inner) => (request) => inner({ ...request, contextValues: values });
  const transport = createRouterTransport(
    (router) => router.service(UploadService, { createS3Upload: () => ({ fileKey: 'key' }) }),
    {
      router: {
        interceptors: [door, translate, limit(createCallCount({ take: () => verdict }, () => NOW_MS)), next],
      },
    },
  );
  const upload = { filename: 'a', contentType: 'b', size: 1n };
  const outcome = await createClient(UploadService, transport)
    .createS3Upload(upload)
    .then(
      ({ fileKey }) => fileKey,
      (error: unknown) => ConnectError.from(error),
    );
  return { outcome, headers, rate: rateOf(values) };
}

describe('limit', () => {
  it('says nothing where no limit applies', async () => {
    expect(await call(undefined)).toEqual({ outcome: 'key', headers: {}, rate: undefined });
  });

  it.each([
    ['at once', HALF_USED],
    ['later', Promise.resolve(HALF_USED)],
  ])('lets a call through that the limiter admits %s, and says how the key stands', async (_, verdict) => {
    const { outcome, headers, rate } = await call(verdict);
    expect(outcome).toBe('key');
    expect(rate).toEqual(HALF_USED);
    expect(headers).toEqual({
      'x-ratelimit-limit': '100',
      'x-ratelimit-remaining': '50',
      // The Unix second from which the whole limit is available again, rounded up.
      'x-ratelimit-reset': '1800000031',
      'ratelimit-policy': '"pro";q=100;w=60',
      ratelimit: '"pro";r=50;t=30',
    });
  });

  it.each([
    ['at once', USED_UP],
    ['later', Promise.resolve(USED_UP)],
  ])('ends a call that the limiter refuses %s, with the same headers', async (_, verdict) => {
    const { outcome, headers } = await call(verdict);
    expect(outcome).toBeInstanceOf(ConnectError);
    if (!(outcome instanceof ConnectError)) return;
    expect(outcome.code).toBe(Code.ResourceExhausted);
    expect(outcome.metadata.get('retry-after')).toBe('1');
    expect(outcome.findDetails(RetryInfoSchema)).toMatchObject([{ retryDelay: { nanos: 600_000_000 } }]);
    expect(headers).toMatchObject({
      'x-ratelimit-remaining': '0',
      'x-ratelimit-reset': '1800000061',
      ratelimit: '"pro";r=0;t=1',
    });
  });

  it('says how the key stands also where the call fails further in', async () => {
    const refuse: Interceptor = () => () => Promise.reject(new Fault('SCOPE_MISSING'));
    const { outcome, headers } = await call(HALF_USED, { next: refuse });
    expect(outcome).toMatchObject({ code: Code.PermissionDenied });
    expect(headers).toMatchObject({ 'x-ratelimit-remaining': '50' });
  });

  it("calls the policy of a limit of the key's own `key`", async () => {
    const { headers } = await call({ ...HALF_USED, plan: undefined });
    expect(headers).toMatchObject({ 'ratelimit-policy': '"key";q=100;w=60', ratelimit: '"key";r=50;t=30' });
  });

  it.each([
    // As long as the limit takes to give as much again, so that nobody is led to hurry.
    [{ remaining: 100, resetMs: 0 }, 60],
    [{ remaining: 99, resetMs: 600 }, 60],
    [{ remaining: 1, resetMs: 59_400 }, 1],
    [{ remaining: 0, resetMs: 60_000 }, 1],
    [{ remaining: 0, requests: 10, windowMs: 86_400_000 }, 8_640],
    // No longer than Retry-After.
    [{ allowed: false, remaining: 0, retryAfterMs: 12_001 }, 13],
    [{ remaining: 4, requests: 10, windowMs: 86_400_000 }, 34_560],
  ])('tells with %j to make do with it for %i s', async (verdict, seconds) => {
    const { headers } = await call({ ...HALF_USED, ...verdict });
    expect(headers['ratelimit']).toMatch(new RegExp(`;t=${seconds}$`));
  });

  it('names windows in whole seconds', async () => {
    const { headers } = await call({ ...HALF_USED, windowMs: 1_500 });
    expect(headers['ratelimit-policy']).toBe('"pro";q=100;w=2');
  });

  /** A chain that was put together wrongly must be closed, not open. */
  it('ends a call whose caller is not known', async () => {
    const { outcome } = await call(undefined, { authenticated: false });
    expect(outcome).toMatchObject({ code: Code.Internal });
  });
});

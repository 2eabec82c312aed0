// The AWS SDK's client for asking S3 itself, opened by the first question: who only signs does not need it.
import type * as StorageSdk from '@aws-sdk/client-s3';
import { Fault } from '../fault/fault.ts';
import { overdueFault, type TimeLeft } from '../flow/time-left.ts';
import { type CredentialProvider, defaultCredentialProvider, loadCredentials } from './credentials.ts';
import { resolveRegion } from './destination.ts';
import { loadSdk, type S3Client, type S3ClientConfig, SIGNING_CLIENT } from './sdk.ts';
import { failureFrom } from './storage-failure.ts';
import { createQuestionTurns, questionLimits, STORAGE_LIMITS } from './storage-limits.ts';

export interface StorageClientOptions {
  /** The bucket's region; without it the AWS SDK's providers decide. */
  readonly region: string | undefined;
  /** As this service reaches S3; without it AWS, or what the AWS SDK's own variables say. */
  readonly endpoint: string | undefined;
  readonly forcePathStyle: boolean;
  /** Instead of the AWS SDK's default chain. */
  readonly credentials: CredentialProvider | undefined;
  /** Told of the moment that each answer of S3 bears, in wall-clock milliseconds; whole seconds. */
  readonly onServerDate?: ((dateMs: number) => void) | undefined;
  /** Told, with each answer of S3 that says so, that the bucket is in another region than the one that is signed for. */
  readonly onOtherRegion?: ((region: string, signedFor: string) => void) | undefined;
  /** In place of `totalMs` of STORAGE_LIMITS, and the most for its `completionMs`. */
  readonly timeoutMs?: number | undefined;
}

type Ask<T> = (
  sdk: typeof StorageSdk,
  client: S3Client,
  options: { readonly abortSignal: AbortSignal; readonly requestTimeout: number },
) => Promise<T>;

export interface AskOptions {
  readonly kind?: 'completion';
  readonly timeLeft?: TimeLeft | undefined;
}

export interface StorageClient {
  /**
   * Rejects with what the SDK rejects with, an Error when there is no whole answer in time or too much is asked at once, or a Fault DEADLINE_EXCEEDED
   * when there is none in the time that the caller has left. The request is then aborted.
   */
  ask<T>(request: Ask<T>, options?: AskOptions): Promise<T>;
  close(): void;
}

interface OpenClient {
  readonly sdk: typeof StorageSdk;
  readonly client: S3Client;
}

/** What S3 answers to keys that it does not accept, or not any more: the next question is to be asked with others. */
const REFUSED_KEYS: ReadonlySet<string> = new Set([
  'ExpiredToken',
  'InvalidAccessKeyId',
  'InvalidToken',
  'SignatureDoesNotMatch',
]);

export function createStorageClient(options: StorageClientOptions): StorageClient {
  let opening: Promise<OpenClient> | undefined;
  const turns = createQuestionTurns();

  return {
    ask: async (request, { kind, timeLeft } = {}) => {
      await turns.take();
      try {
        return await askNow(request, kind, timeLeft);
      } finally {
        turns.leave();
      }
    },
    close: () => {
      opening?.then(({ client }) => client.destroy()).catch(() => {});
      opening = undefined;
    },
  };

  async function askNow<T>(
    request: Ask<T>,
    kind: AskOptions['kind'],
    timeLeft: TimeLeft | undefined,
  ): Promise<T> {
    const limits = questionLimits(options.timeoutMs, kind, timeLeft);
    opening ??= open(options);
    const used = opening;
    try {
      return await within(limits.totalMs, async (abortSignal) => {
        const { sdk, client } = await used;
        return request(sdk, client, { abortSignal, requestTimeout: limits.requestMs });
      });
    } catch (error) {
      const isClosed = await used.then(
        () => REFUSED_KEYS.has(failureFrom(error).code),
        () => true,
      );
      // What others ask meanwhile goes on; its connections end by themselves.
      if (isClosed && opening === used) opening = undefined;
      throw overdueFault(timeLeft, error) ?? error;
    }
  }
}

async function open(options: StorageClientOptions): Promise<OpenClient> {
  const [sdk, signing] = await Promise.all([import('@aws-sdk/client-s3'), loadSdk()]);
  const region = await resolveRegion(signing, options.region, options.endpoint);
  const provider = options.credentials ?? defaultCredentialProvider(signing, region);
  const config: S3ClientConfig = {
    ...SIGNING_CLIENT,
    responseChecksumValidation: 'WHEN_REQUIRED',
    region,
    ...(options.endpoint !== undefined && { endpoint: options.endpoint }),
    forcePathStyle: options.forcePathStyle,
    credentials: () => identityFrom(provider),
    retryMode: 'standard',
    maxAttempts: STORAGE_LIMITS.attempts,
    requestHandler: {
      connectionTimeout: STORAGE_LIMITS.connectMs,
      requestTimeout: STORAGE_LIMITS.requestMs,
      // Without it a request that takes longer is only warned of.
      throwOnRequestTimeout: true,
      httpAgent: { keepAlive: true, maxSockets: STORAGE_LIMITS.sockets },
      httpsAgent: { keepAlive: true, maxSockets: STORAGE_LIMITS.sockets },
    },
  };
  const client = new sdk.S3Client(config);
  tellHeaders(client, region, options);
  return { sdk, client };
}

/** Also of refusals: a clock that is off is told by nothing else. */
function tellHeaders(
  client: S3Client,
  signedFor: string,
  { onServerDate, onOtherRegion }: StorageClientOptions,
): void {
  client.middlewareStack.add(
    (next) => async (request) => {
      const result = await next(request);
      const dateMs = Date.parse(headerOf(result.response, 'date') ?? '');
      if (!Number.isNaN(dateMs)) onServerDate?.(dateMs);
      const region = headerOf(result.response, 'x-amz-bucket-region');
      if (region !== undefined && region !== signedFor) onOtherRegion?.(region, signedFor);
      return result;
    },
    // Behind the step that turns refusals into errors, which then have no headers any more.
    { step: 'deserialize', priority: 'low', name: 'tellHeaders' },
  );
}

function headerOf(response: unknown, name: string): string | undefined {
  if (typeof response !== 'object' || response === null || !('headers' in response)) return undefined;
  const headers: Readonly<Record<string, unknown>> = { ...(response.headers as object) };
  const value = headers[name];
  return typeof value === 'string' ? value : undefined;
}

/** The provider's errors without what they may quote. The SDK keeps what it gets until that expires. */
async function identityFrom(provider: CredentialProvider) {
  const { sessionToken, expiresAtMs, ...keys } = await loadCredentials(provider).catch((cause: unknown) => {
    throw new Fault('SIGNING_UNAVAILABLE', { retryAfterMs: STORAGE_LIMITS.connectMs, cause });
  });
  return {
    ...keys,
    ...(sessionToken !== undefined && { sessionToken }),
    ...(expiresAtMs !== null && { expiration: new Date(expiresAtMs) }),
  };
}

/** What the work comes to, unless it takes longer: the SDK's own limits end neither with the headers nor with retries. */
async function within<T>(limitMs: number, work: (abortSignal: AbortSignal) => Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const controller = new AbortController();
  const timer = setTimeout(() => {
    reject(new Error(`no answer within ${limitMs} ms`));
    controller.abort();
  }, limitMs);
  try {
    return await Promise.race([work(controller.signal), promise]);
  } finally {
    clearTimeout(timer);
  }
}

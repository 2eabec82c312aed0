// Several items in one call, each of which is answered by itself.
import type { Message, MessageInitShape } from '@bufbuild/protobuf';
import type { ContextValues } from '@connectrpc/connect';
import type { BatchErrorSchema } from '../../gen/upload/v1/upload_pb.js';
import { envelopeFromFault } from '../fault/envelope.ts';
import { faultFromUnknown } from '../fault/fault.ts';
import { refuseOverdue, type TimeLeft } from '../flow/time-left.ts';
import type { RequestRecord } from '../telemetry/request-record.ts';
import { callOf } from './call.ts';
import type { CountCall } from './limit.ts';
import type { Validation } from './validate.ts';
import type { ItemList } from './validated-items.ts';

/** How many items are under way at the same time. Some ask S3, where each waits. */
const CONCURRENCY = 8;

export interface Batch<I extends Message> {
  /** The field of the request that holds the items. */
  readonly list: ItemList;
  readonly items: readonly I[];
  readonly values: ContextValues;
  readonly timeLeft: TimeLeft | undefined;
}

export interface BatchDeps {
  readonly countCall: CountCall;
  readonly validation: Pick<Validation, 'checkItem'>;
}

/** What became of an item. */
export type ItemResult<O> =
  | { readonly case: 'done'; readonly value: O }
  | { readonly case: 'error'; readonly value: MessageInitShape<typeof BatchErrorSchema> };

/**
 * Runs every item and answers the outcomes in the order of the items. Each but the first, which stands for the call
 * itself, is counted against the limit of the key: a batch is no way around it. Rejects with a Fault
 * DEADLINE_EXCEEDED, and begins no further item, when no time is left.
 */
export async function runBatch<I extends Message, O>(
  { list, items, values, timeLeft }: Batch<I>,
  { countCall, validation }: BatchDeps,
  run: (item: I, index: number) => O | Promise<O>,
): Promise<ItemResult<O>[]> {
  const results: ItemResult<O>[] = [];
  const waiting = items.entries();
  const { record } = callOf(values);

  async function work(): Promise<void> {
    // One iterator for all workers: each takes the next item.
    for (const [index, item] of waiting) {
      refuseOverdue(timeLeft);
      results[index] = await outcomeOf(index, item);
    }
  }

  async function outcomeOf(index: number, item: I): Promise<ItemResult<O>> {
    try {
      const refusal = index === 0 ? undefined : await countCall(values);
      if (refusal !== undefined) throw refusal;
      validation.checkItem(list, index, item, values);
      return { case: 'done', value: await run(item, index) };
    } catch (error) {
      return { case: 'error', value: itemError(error, record) };
    }
  }

  await Promise.all(Array.from({ length: CONCURRENCY }, work));
  return results;
}

/** The fault as REST would answer it. What really happened goes into the log, where there is room for one. */
function itemError(error: unknown, record: RequestRecord): MessageInitShape<typeof BatchErrorSchema> {
  const fault = faultFromUnknown(error);
  if (fault.cause !== undefined) record.cause ??= fault.cause;
  const { details = [], ...envelope } = envelopeFromFault(fault, record.requestId);
  return { ...envelope, details: details.map(({ field, message }) => ({ field, message })) };
}

import type { Call, Operation, OperationContext } from './call.ts';
import { replyEmpty } from './call.ts';
import { deleteObjects } from './delete-objects.ts';
import { getObject, getObjectTagging } from './get-object.ts';
import { checksumReplyHeaders, keptHeadersFromRequest } from './object-headers.ts';
import { S3Error } from './s3-error.ts';
import { MAX_PUT_BYTES } from './upload-body.ts';

type ObjectOperation = 'putObject' | 'getObject' | 'getObjectTagging' | 'deleteObject' | 'deleteObjects';

export function createObjectOperations(context: OperationContext): Record<ObjectOperation, Operation> {
  const { store } = context;
  return {
    putObject: (call) => putObject(context, call),
    getObject: (call) => getObject(context, call),
    getObjectTagging: async (call) => getObjectTagging(context, call),
    deleteObjects: (call) => deleteObjects(context, call),

    async deleteObject({ target, response }) {
      store.objects.requireBucket(target.bucket);
      await store.commit([], () => store.objects.delete(target.bucket, target.key));
      replyEmpty(response, 204);
    },
  };
}

async function putObject({ store, wallClockMs }: OperationContext, call: Call): Promise<void> {
  const { message, response, target } = call;
  const { bucket, key } = target;
  store.objects.requireBucket(bucket);
  const headers = keptHeadersFromRequest(message.headers, target.query);
  const ifAbsent = message.headers['if-none-match'] !== undefined;
  if (ifAbsent && store.objects.find(bucket, key) !== undefined) {
    throw new S3Error('PreconditionFailed', undefined, { Condition: 'If-None-Match' });
  }
  const { segment, size, md5Hex, checksum } = await store.blobs.receive(
    call.openBody({ maxBytes: MAX_PUT_BYTES }),
  );
  const object = {
    key,
    etag: md5Hex,
    size,
    modifiedMs: wallClockMs(),
    headers,
    segments: [segment],
    ...(checksum !== undefined && { checksum }),
  };
  await store.commit([segment], () => store.objects.put(bucket, object, { ifAbsent }));
  replyEmpty(response, 200, {
    etag: `"${md5Hex}"`,
    ...checksumReplyHeaders(checksum),
  });
}

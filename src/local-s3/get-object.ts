import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Call, type OperationContext, replyWithXml } from './call.ts';
import { evaluateConditions, requestedRange } from './conditions.ts';
import { isArchived, tagsFromHeader } from './object-attributes.ts';
import type { StoredObject } from './object-catalog.ts';
import { objectHeaders, overridesFromQuery } from './object-headers.ts';
import { S3Error } from './s3-error.ts';
import type { Store } from './store.ts';

/** GET and HEAD, which differ by the content alone. */
export async function getObject({ store }: OperationContext, call: Call): Promise<void> {
  const { message, response } = call;
  const object = findObject(store, call);
  if (message.method === 'GET' && isArchived(object.headers)) throw new S3Error('InvalidObjectState');
  const headers = replyHeaders(object, call);
  const verdict = evaluateConditions(message.headers, object);
  if (verdict === 'precondition-failed') throw new S3Error('PreconditionFailed');
  if (verdict === 'not-modified') {
    const { etag = '', 'last-modified': lastModified = '' } = headers;
    response.writeHead(304, { etag, 'last-modified': lastModified }).end();
    return;
  }
  const range = requestedRange(message.headers, object.size, object);
  if (range === 'unsatisfiable') {
    throw new S3Error('InvalidRange', undefined, {
      RangeRequested: message.headers.range ?? '',
      ActualObjectSize: object.size,
    });
  }
  const { start, end } = range ?? { start: 0, end: object.size - 1 };
  response.writeHead(range === undefined ? 200 : 206, {
    ...headers,
    'content-length': end - start + 1,
    ...(range !== undefined && { 'content-range': `bytes ${start}-${end}/${object.size}` }),
  });
  if (message.method === 'HEAD') {
    response.end();
    return;
  }
  await store.blobs.holding(object.segments, () =>
    pipeline(Readable.from(store.blobs.read(object.segments, { start, end })), response),
  );
}

/** The tags that the object was stored with. */
export function getObjectTagging({ store }: OperationContext, call: Call): void {
  const tags = tagsFromHeader(findObject(store, call).headers['x-amz-tagging'] ?? '');
  replyWithXml(call.response, 'Tagging', {
    TagSet: { Tag: tags.map(({ key, value }) => ({ Key: key, Value: value })) },
  });
}

function findObject({ objects }: Store, { target, isAnonymous }: Call): StoredObject {
  const { bucket, key, query } = target;
  objects.requireBucket(bucket);
  if (query.has('partNumber')) {
    throw new S3Error(
      'NotImplemented',
      'This development endpoint does not implement reading by part number.',
    );
  }
  const object = objects.find(bucket, key);
  if (object !== undefined) return object;
  // S3 does not tell what is absent to those who may not list.
  throw isAnonymous ? new S3Error('AccessDenied') : new S3Error('NoSuchKey', undefined, { Key: key });
}

function replyHeaders(object: StoredObject, { message, target, isAnonymous }: Call): Record<string, string> {
  const overrides = overridesFromQuery(target.query);
  if (isAnonymous && Object.keys(overrides).length > 0) {
    throw new S3Error('InvalidRequest', 'An anonymous request cannot set headers of the response.');
  }
  const checksumMode = message.headers['x-amz-checksum-mode'] ?? target.query.get('x-amz-checksum-mode');
  return objectHeaders(object, overrides, String(checksumMode).toUpperCase() === 'ENABLED');
}

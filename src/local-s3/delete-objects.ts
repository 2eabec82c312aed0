import { type Call, type OperationContext, readText, replyWithXml } from './call.ts';
import { S3Error } from './s3-error.ts';
import { childrenByName, parseXml } from './xml-parser.ts';

const MAX_KEYS = 1000;
/** A thousand keys of 1024 bytes, each byte written as a reference of six characters. */
const MAX_DOCUMENT_BYTES = 8 * 2 ** 20;

interface DeleteRequest {
  readonly isQuiet: boolean;
  readonly keys: readonly string[];
  /** Keys that come with a version or a condition. */
  readonly refusedKeys: readonly string[];
}

/** Deletes many objects in one request; each key gets its own outcome. */
export async function deleteObjects({ store }: OperationContext, call: Call): Promise<void> {
  const { headers } = call.message;
  const { bucket } = call.target;
  store.objects.requireBucket(bucket);
  const hasDigest = Object.keys(headers).some((name) =>
    /^(content-md5|x-amz-trailer|x-amz-checksum-.*)$/.test(name),
  );
  if (!hasDigest)
    throw new S3Error('InvalidRequest', 'Missing required header for this request: Content-MD5');
  const request = parseDeleteRequest(await readText(call, { maxBytes: MAX_DOCUMENT_BYTES }));
  await store.commit([], () => request.keys.flatMap((key) => [...store.objects.delete(bucket, key)]));
  replyWithXml(call.response, 'DeleteResult', {
    Deleted: request.isQuiet ? [] : request.keys.map((Key) => ({ Key })),
    Error: request.refusedKeys.map((Key) => ({
      Key,
      Code: 'NotImplemented',
      Message: 'This development endpoint deletes by key alone, without versions or conditions.',
    })),
  });
}

function parseDeleteRequest(text: string): DeleteRequest {
  const root = parseXml(text);
  const entries = root.children.filter(({ name }) => name === 'Object');
  const others = root.children.filter(({ name }) => name !== 'Object');
  if (root.name !== 'Delete' || entries.length === 0 || entries.length > MAX_KEYS) {
    throw new S3Error('MalformedXML');
  }
  const quiet = childrenByName({ ...root, children: others }, ['Quiet'])
    .get('Quiet')
    ?.text.trim();
  const keys: string[] = [];
  const refusedKeys: string[] = [];
  for (const entry of entries) {
    const fields = childrenByName(entry, ['Key', 'VersionId', 'ETag', 'LastModifiedTime', 'Size']);
    const key = fields.get('Key')?.text;
    if (key === undefined || key === '') throw new S3Error('MalformedXML');
    (fields.size > 1 ? refusedKeys : keys).push(key);
  }
  return { isQuiet: quiet === 'true', keys, refusedKeys };
}

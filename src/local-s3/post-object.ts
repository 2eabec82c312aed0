import type { IncomingMessage } from 'node:http';
import type { ReceivedSegment } from './blobs.ts';
import { type Call, type OperationContext, objectUrl, replyEmpty, replyWithXml } from './call.ts';
import { CHECKSUM_ALGORITHMS, checksumAlgorithmFromName, isChecksumValue } from './checksums.ts';
import { attributesFromForm } from './form-attributes.ts';
import { keptHeadersFromForm } from './object-headers.ts';
import { type FormFile, readForm } from './post-form.ts';
import { type FormFields, verifyPostPolicy } from './post-policy.ts';
import { S3Error } from './s3-error.ts';
import { refuseUnsupportedFields } from './unsupported.ts';
import { type ChecksumPromise, MAX_PUT_BYTES } from './upload-body.ts';

/** Beside the file, a form holds fields and headers of its parts. */
const MAX_FORM_OVERHEAD_BYTES = 64 * 1024;
const MAX_KEY_BYTES = 1024;

/** A request that is not known to be allowed until its form has been read. */
interface FormCall extends Pick<Call, 'message' | 'response' | 'target'> {
  /** Lets a client that waits for `100 Continue` send the form. */
  sendContinue(): void;
}

const FILE_NAME_VARIABLE = /\$\{filename\}/g;

/** Whether a request is an upload by form, which is signed in its fields. */
export function isFormUpload(message: IncomingMessage, { bucket, key }: Call['target']): boolean {
  const contentType = message.headers['content-type'] ?? '';
  return (
    message.method === 'POST' && bucket !== '' && key === '' && /^multipart\/form-data\b/i.test(contentType)
  );
}

/** Stores the file of a form whose signed policy allows it. */
export async function postObject(context: OperationContext, call: FormCall): Promise<void> {
  const { store, wallClockMs } = context;
  const { bucket } = call.target;
  store.objects.requireBucket(bucket);
  if (Number(call.message.headers['content-length'] ?? 0) > MAX_PUT_BYTES + MAX_FORM_OVERHEAD_BYTES) {
    throw new S3Error('EntityTooLarge', undefined, { MaxSizeAllowed: MAX_PUT_BYTES });
  }
  call.sendContinue();
  let form: FormFields = new Map();
  let received: ReceivedSegment | undefined;
  try {
    await readForm(call.message, async (fields, file) => {
      form = withKey(fields, file.name);
      received = await receiveFile(context, bucket, form, file);
    });
  } catch (error) {
    if (received !== undefined) await store.blobs.remove([received.segment]);
    throw error;
  }
  if (received === undefined) throw new S3Error('InternalError');
  const { segment, size, md5Hex, checksum } = received;
  const object = {
    key: form.get('key') ?? '',
    etag: md5Hex,
    size,
    modifiedMs: wallClockMs(),
    headers: { ...keptHeadersFromForm(form), ...attributesFromForm(form) },
    segments: [segment],
    ...(checksum !== undefined && { checksum }),
  };
  await store.commit([segment], () => store.objects.put(bucket, object, { ifAbsent: false }));
  reply(call, form, object);
}

/** `${filename}` stands for the name of the file, and the policy is judged by what it becomes. */
function withKey(fields: FormFields, fileName: string): FormFields {
  const key = (fields.get('key') ?? '').replace(FILE_NAME_VARIABLE, () => fileName);
  if (key === '')
    throw new S3Error('InvalidArgument', 'The form needs a field "key".', { ArgumentName: 'key' });
  if (Buffer.byteLength(key) > MAX_KEY_BYTES) throw new S3Error('KeyTooLongError');
  return new Map(fields).set('key', key);
}

async function receiveFile(
  { store, wallClockMs, credentials, region }: OperationContext,
  bucket: string,
  form: FormFields,
  file: FormFile,
): Promise<ReceivedSegment> {
  const limits = verifyPostPolicy(form, bucket, { credentials, region }, wallClockMs());
  refuseUnsupportedFields(form);
  // Judged before the file is received.
  keptHeadersFromForm(form);
  attributesFromForm(form);
  const checksum = checksumFromForm(form);
  return store.blobs.receive({
    promise: {
      minBytes: limits.minBytes,
      maxBytes: Math.min(limits.maxBytes, MAX_PUT_BYTES),
      ...(checksum !== undefined && { checksum }),
    },
    content: file.content,
  });
}

function checksumFromForm(form: FormFields): ChecksumPromise | undefined {
  const checksums = Object.keys(CHECKSUM_ALGORITHMS).flatMap((name): ChecksumPromise[] => {
    const value = form.get(`x-amz-checksum-${name}`);
    const algorithm = checksumAlgorithmFromName(name);
    if (value === undefined || algorithm === undefined) return [];
    if (isChecksumValue(algorithm, value)) return [{ algorithm, from: 'header', value }];
    throw new S3Error('InvalidArgument', `The value of x-amz-checksum-${name} is invalid.`);
  });
  if (checksums.length > 1)
    throw new S3Error('InvalidRequest', 'Only one checksum of the file may be given.');
  return checksums[0];
}

function reply(call: FormCall, form: FormFields, { key, etag }: { key: string; etag: string }): void {
  const { response, target } = call;
  const location = objectUrl(call, target.bucket, key);
  const redirect = redirectUrl(form);
  if (redirect !== undefined) {
    for (const [name, value] of Object.entries({ bucket: target.bucket, key, etag: `"${etag}"` })) {
      redirect.searchParams.set(name, value);
    }
    replyEmpty(response, 303, { location: redirect.href });
    return;
  }
  response.setHeader('etag', `"${etag}"`);
  response.setHeader('location', location);
  const status = form.get('success_action_status');
  if (status === '201') {
    const document = { Location: location, Bucket: target.bucket, Key: key, ETag: `"${etag}"` };
    replyWithXml(response, 'PostResponse', document, 201);
  } else {
    replyEmpty(response, status === '200' ? 200 : 204);
  }
}

/** Where to send the browser; an address that is none is ignored, as S3 does. */
function redirectUrl(form: FormFields): URL | undefined {
  const url = URL.parse(form.get('success_action_redirect') ?? '');
  return url !== null && /^https?:$/.test(url.protocol) ? url : undefined;
}

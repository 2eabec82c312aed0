// The options of an upload as headers to sign. Pure.
import { draftChecksum } from './checksum-headers.ts';
import { contentDisposition, DISPOSITIONS } from './content-disposition.ts';
import { blame, type HeaderDraft } from './header-draft.ts';
import { isHeaderValue, isToken } from './header-value.ts';
import { draftMetadata } from './metadata-headers.ts';
import { OPTION_LIMITS } from './option-limits.ts';
import { draftAcl, draftEncryption, draftStorageClass } from './storage-headers.ts';
import { draftTags } from './tag-header.ts';
import { type UploadOptions, URL_TTL_MIN_SECONDS } from './upload.ts';
import type { UploadPolicy } from './upload-policy.ts';

const CONTENT_HEADERS = [
  { option: 'cacheControl', header: 'cache-control' },
  { option: 'contentLanguage', header: 'content-language' },
  { option: 'contentEncoding', header: 'content-encoding' },
] as const satisfies readonly { readonly option: keyof UploadOptions; readonly header: string }[];

/** Frames the body of a request that is signed in chunks; S3 would strip it, and a reader never see it. */
const AWS_CHUNKED = 'aws-chunked';

/** What the options come to as headers, all but the condition of an upload that must not overwrite. */
export function draftOptions(options: UploadOptions, filename: string, policy: UploadPolicy): HeaderDraft {
  const draft: HeaderDraft = { headers: {}, fields: [] };
  const { checksum, metadata, tags, encryption, storageClass, acl } = options;
  if (checksum !== undefined) draftChecksum(checksum, draft);
  checkOverwrite(options, draft);
  checkExpiry(options, policy, draft);
  draftContentHeaders(options, draft);
  draftDisposition(options, filename, draft);
  if (metadata !== undefined) draftMetadata(metadata, draft);
  if (tags !== undefined) draftTags(tags, draft);
  if (encryption !== undefined) draftEncryption(encryption, draft);
  if (storageClass !== undefined) draftStorageClass(storageClass, draft);
  if (acl !== undefined) draftAcl(acl, policy.allowedAcls, draft);
  if (draft.fields.length === 0) checkTotal(draft);
  return draft;
}

/** What keeps an upload from overwriting differs between providers and kinds of upload: see `one-shot.ts`. */
function checkOverwrite({ overwrite }: UploadOptions, draft: HeaderDraft): void {
  if (overwrite !== undefined && overwrite !== 'allow' && overwrite !== 'never')
    blame(draft, 'overwrite', 'must be allow or never');
}

function checkExpiry(
  { expiresInSeconds: seconds }: UploadOptions,
  { maxTtlSeconds }: UploadPolicy,
  draft: HeaderDraft,
): void {
  if (seconds === undefined) return;
  if (Number.isInteger(seconds) && seconds >= URL_TTL_MIN_SECONDS && seconds <= maxTtlSeconds) return;
  const limits = `an integer from ${URL_TTL_MIN_SECONDS} to ${maxTtlSeconds}`;
  blame(draft, 'expiresIn', `must be ${limits}, the longest life in seconds that this server gives a URL`);
}

function draftContentHeaders(options: UploadOptions, draft: HeaderDraft): void {
  for (const { option, header } of CONTENT_HEADERS) {
    const value = options[option];
    if (value === undefined) continue;
    const problem = option === 'contentEncoding' ? codingProblem(value) : undefined;
    if (!isHeaderValue(value)) blame(draft, option, 'must be legal as an HTTP header value');
    else if (problem !== undefined) blame(draft, option, problem);
    else draft.headers[header] = value;
  }
}

function codingProblem(value: string): string | undefined {
  const codings = value.split(',').map((coding) => coding.trim());
  if (!codings.every(isToken)) return 'must be content codings such as gzip, separated by commas';
  if (!codings.some((coding) => coding.toLowerCase() === AWS_CHUNKED)) return undefined;
  return `must not name ${AWS_CHUNKED}, which frames a request and is no coding of a file`;
}

function draftDisposition(
  { contentDisposition: asked }: UploadOptions,
  filename: string,
  draft: HeaderDraft,
): void {
  if (asked === undefined) return;
  const disposition = DISPOSITIONS.find((known) => known === asked);
  if (disposition === undefined) blame(draft, 'contentDisposition', `must be ${DISPOSITIONS.join(' or ')}`);
  else draft.headers['content-disposition'] = contentDisposition(disposition, filename);
}

/** All other headers have room in what S3 takes; tags in full length and in other scripts have not. */
function checkTotal(draft: HeaderDraft): void {
  const bytes = Object.entries(draft.headers).reduce(
    (sum, [name, value]) => sum + name.length + value.length,
    0,
  );
  if (bytes <= OPTION_LIMITS.signedHeadersBytes) return;
  const limit = `at most ${OPTION_LIMITS.signedHeadersBytes} bytes, as S3 takes 8 KiB of headers`;
  blame(draft, 'tags', `must make the signed headers ${limit}, and they come to ${bytes}`);
}

// The settings of where uploads go and what can be asked for them.
import { PROVIDERS } from '../uploads/providers.ts';
import { DOWNLOAD_OVERRIDES } from '../uploads/upload-policy.ts';
import { destinations } from './destination-fields.ts';
import { optional, type SettingRow, withDefault } from './setting-row.ts';
import { ACTIVE_CONTENT, CANNED_ACLS } from './upload-choices.ts';
import { boolean, choice, choices, duration, folder, secretList, text, url } from './value-types.ts';

export const UPLOAD_SETTINGS = {
  bucket: optional({
    name: 'PRESIGND_BUCKET',
    type: text,
    doc: 'The bucket that uploads go to. Required by `presignd serve`.',
  }),
  provider: optional({
    name: 'PRESIGND_PROVIDER',
    type: choice(...PROVIDERS),
    doc: "Whose S3 it is, which decides what can be asked of it: see docs/destinations.md. Without it `aws`, or `generic` if there is an endpoint: a server that does all that AWS's S3 does.",
  }),
  region: optional({
    name: 'PRESIGND_REGION',
    type: text,
    doc: "The bucket's region. Without it `auto` on R2 and Google; else the AWS SDK decides: `AWS_REGION`, then the shared config file, then `us-east-1` if there is a `PRESIGND_S3_ENDPOINT`.",
  }),
  s3Endpoint: optional({
    name: 'PRESIGND_S3_ENDPOINT',
    type: url('http', 'https'),
    doc: 'Endpoint of an S3-compatible server. Without it, AWS. Needed by every named provider but `aws`.',
  }),
  s3PublicEndpoint: optional({
    name: 'PRESIGND_S3_PUBLIC_ENDPOINT',
    type: url('http', 'https'),
    doc: 'Endpoint as uploading clients reach it, where that differs from `PRESIGND_S3_ENDPOINT`. URLs are signed for it: the host is part of the signature.',
  }),
  s3ForcePathStyle: withDefault({
    name: 'PRESIGND_S3_FORCE_PATH_STYLE',
    type: boolean,
    default: 'false',
    doc: 'Put the bucket into the path instead of the host name. Most S3-compatible servers need it.',
  }),
  publicBaseUrl: optional({
    name: 'PRESIGND_PUBLIC_BASE_URL',
    type: url('http', 'https'),
    doc: "Base of `publicUrl`, such as a CDN in front of the bucket. Without it, the object's own URL.",
  }),
  urlTtlMs: withDefault({
    name: 'PRESIGND_URL_TTL',
    type: duration('1s', '7d'),
    default: '15m',
    doc: 'How long an upload URL is accepted. Shortened when the signing credentials expire earlier.',
  }),
  urlMaxTtlMs: optional({
    name: 'PRESIGND_URL_MAX_TTL',
    type: duration('1s', '7d'),
    doc: 'The longest that a request can ask for with `expiresIn`. Without it, an hour, or `PRESIGND_URL_TTL` where that is longer.',
  }),
  keyPrefix: optional({
    name: 'PRESIGND_KEY_PREFIX',
    type: folder,
    doc: 'Folder in the bucket, such as `uploads/`, that every object key begins with, in front of the template.',
  }),
  objectKeyTemplate: withDefault({
    name: 'PRESIGND_OBJECT_KEY_TEMPLATE',
    type: text,
    default: '{owner}/{date}/{uuid}/{name}',
    doc: 'How object keys are made, from `{owner}`, `{date}` (UTC, YYYY/MM/DD), `{uuid}` (UUIDv7, required) and `{name}` (the sanitised file name).',
  }),
  signer: withDefault({
    name: 'PRESIGND_SIGNER',
    type: choice('auto', 'sdk'),
    default: 'auto',
    doc: '`auto` signs natively for as long as a probe matches the AWS SDK byte for byte; `sdk` always signs with the SDK.',
  }),
  activeContent: withDefault({
    name: 'PRESIGND_ACTIVE_CONTENT',
    type: choice(...ACTIVE_CONTENT),
    default: 'attachment',
    doc: 'What becomes of uploads that browsers execute, such as HTML and SVG: `attachment` signs a `Content-Disposition` that has them saved instead of opened, `deny` refuses them.',
  }),
  allowedAcls: withDefault({
    name: 'PRESIGND_ALLOWED_ACLS',
    type: choices(...CANNED_ACLS),
    default: '',
    doc: 'Canned ACLs that requests can ask for with `acl`. Empty: none. Buckets of AWS refuse ACLs unless they are set up for them.',
  }),
  downloadOverrides: withDefault({
    name: 'PRESIGND_DOWNLOAD_OVERRIDES',
    type: choices(...DOWNLOAD_OVERRIDES),
    default: DOWNLOAD_OVERRIDES.join(','),
    doc: 'What a download can have S3 answer instead of what is stored. Unless active content is allowed, none that makes browsers execute it.',
  }),
  destinations: withDefault({
    name: 'PRESIGND_DESTINATIONS',
    type: destinations,
    default: '{}',
    doc: 'Further destinations by name, as JSON: see docs/destinations.md. The settings above are those of `default`.',
  }),
  uploadTtlMs: withDefault({
    name: 'PRESIGND_UPLOAD_TTL',
    type: duration('1m', '30d'),
    default: '7d',
    doc: 'How long an upload id is good for. Parts are signed anew within that time.',
  }),
  sealingKeys: withDefault({
    name: 'PRESIGND_SEALING_KEYS',
    type: secretList,
    default: '',
    doc: 'Secrets of at least 32 characters that seal upload ids and upload tokens, the first for new ones and all for opening. Without any, they are derived from the peppers.',
  }),
} as const satisfies Record<string, SettingRow<unknown>>;

// The fields of a named destination in PRESIGND_DESTINATIONS.
import { PROVIDER_CAPABILITIES, PROVIDERS } from '../uploads/providers.ts';
import { DOWNLOAD_OVERRIDES } from '../uploads/upload-policy.ts';
import { credentialsField } from './credential-settings.ts';
import {
  collect,
  flagField,
  type JsonField,
  type JsonValues,
  listField,
  objectFrom,
  parseJson,
  readFields,
  required,
  textField,
} from './json-fields.ts';
import { ACTIVE_CONTENT, CANNED_ACLS } from './upload-choices.ts';
import { ValueProblems } from './value-problems.ts';
import { choice, duration, folder, text, url, type ValueType } from './value-types.ts';

export const DESTINATION_FIELDS = {
  bucket: required(textField(text, 'The bucket that uploads go to.')),
  provider: textField(
    choice(...PROVIDERS),
    'Whose S3 it is. Without it, `aws` where there is no endpoint, else `generic`.',
  ),
  region: textField(
    text,
    "The bucket's region. Without it `auto` on R2 and Google, else as the AWS SDK decides, as for `PRESIGND_REGION`.",
  ),
  endpoint: textField(
    url('http', 'https'),
    'Endpoint of an S3-compatible server. Needed by every named provider but `aws`.',
  ),
  publicEndpoint: textField(
    url('http', 'https'),
    'Endpoint as uploading clients reach it, where that differs. URLs are signed for it.',
  ),
  forcePathStyle: flagField('Put the bucket into the path instead of the host name. `false` if left out.'),
  prefix: textField(folder, 'Folder in the bucket that every object key begins with. None if left out.'),
  publicBaseUrl: textField(
    url('http', 'https'),
    "Base of `publicUrl`, such as a CDN in front of the bucket. Without it, the object's own URL.",
  ),
  urlTtl: textField(duration('1s', '7d'), 'As `PRESIGND_URL_TTL`, which stands if it is left out.'),
  urlMaxTtl: textField(
    duration('1s', '7d'),
    'As `PRESIGND_URL_MAX_TTL`, which stands if neither it nor `urlTtl` is given.',
  ),
  activeContent: textField(
    choice(...ACTIVE_CONTENT),
    'As `PRESIGND_ACTIVE_CONTENT`, which stands if it is left out.',
  ),
  allowedAcls: listField(
    choice(...CANNED_ACLS),
    'Canned ACLs that requests can ask for. None if left out: whether a bucket takes any is its own matter.',
  ),
  objectKeyTemplate: textField(text, 'As `PRESIGND_OBJECT_KEY_TEMPLATE`, which stands if it is left out.'),
  allowedOverrides: listField(
    choice(...DOWNLOAD_OVERRIDES),
    'As `PRESIGND_DOWNLOAD_OVERRIDES`, which stands if it is left out.',
  ),
  credentials: credentialsField,
} as const satisfies Record<string, JsonField<unknown>>;

export type DestinationFields = JsonValues<typeof DESTINATION_FIELDS>;

/** Like the destinations of key policies, and never `default`, which the settings of their own are. */
const NAME = /^(?!default$)[a-z][a-z0-9-]{0,62}$/;

/** Named destinations as a JSON object. */
export const destinations: ValueType<ReadonlyMap<string, DestinationFields>> = {
  label: 'JSON object',
  read: (value) => {
    const named = Object.entries(objectFrom(parseJson(value))).map(
      ([name, fields]) => [`.${name}`, () => readDestination(name, fields)] as const,
    );
    return new Map(collect(named).map(([path, fields]) => [path.slice(1), fields]));
  },
};

function readDestination(name: string, value: unknown): DestinationFields {
  if (!NAME.test(name))
    throw new Error('must be named with up to 63 of a-z, 0-9 and -, a letter first, and not `default`');
  const fields = readFields(value, DESTINATION_FIELDS);
  const { provider, endpoint, urlTtl, urlMaxTtl } = fields;
  const problems: string[] = [];
  if (provider !== undefined && PROVIDER_CAPABILITIES[provider].needsEndpoint && endpoint === undefined)
    problems.push(`.endpoint must be set, as the provider is ${provider}`);
  if (urlTtl !== undefined && urlMaxTtl !== undefined && urlMaxTtl < urlTtl)
    problems.push('.urlMaxTtl must not be shorter than urlTtl');
  if (problems.length > 0) throw new ValueProblems(problems);
  return fields;
}

// docs/destinations.md, from the fields of destinations and the table of providers.
import { CREDENTIAL_FIELDS } from '../src/config/credential-settings.ts';
import { DESTINATION_FIELDS } from '../src/config/destination-fields.ts';
import type { JsonField } from '../src/config/json-fields.ts';
import {
  PROVIDER_CAPABILITIES,
  PROVIDER_LIMITS,
  PROVIDERS,
  type ProviderCapabilities,
  type ProviderLimit,
} from '../src/uploads/providers.ts';
import { page, table } from './markdown.ts';

const ROWS: Readonly<Record<string, (provider: ProviderCapabilities) => string>> = {
  'browser forms': ({ forms }) => yesNo(forms),
  'largest single PUT': ({ singlePutMaxBytes }) => sizeText(singlePutMaxBytes),
  'largest object': ({ objectMaxBytes }) => sizeText(objectMaxBytes),
  'size of parts': ({ partMinBytes, partMaxBytes }) =>
    `${sizeText(partMinBytes)} to ${sizeText(partMaxBytes)}`,
  'most parts': ({ partsMax }) => partsMax.toLocaleString('en'),
  'parts of one size': ({ equalParts }) => (equalParts ? 'needed' : '–'),
  '`overwrite: never`, single PUT': ({ oneShotPut }) =>
    oneShotPut === null ? 'no' : `\`${oneShotPut.header}: ${oneShotPut.value}\``,
  '`overwrite: never`, multipart': ({ oneShotMultipart }) => yesNo(oneShotMultipart),
  'checksums beside MD5': ({ checksums }) => listText(checksums),
  'of whole files in parts': ({ fullObjectChecksums }) => listText(fullObjectChecksums),
  tags: ({ tags }) => yesNo(tags),
  ACLs: ({ acl }) => yesNo(acl),
  'encryption `s3`': ({ sseS3 }) => yesNo(sseS3),
  'encryption `kms`': ({ sseKms }) => yesNo(sseKms),
  'storage classes': ({ storageClasses }) => (storageClasses === null ? 'all' : listText(storageClasses)),
  'region if none is set': ({ defaultRegion }) =>
    defaultRegion === undefined ? '–' : `\`${defaultRegion}\``,
};

/** What a reason is about, as the page calls it. */
const LIMIT_TITLES = {
  forms: 'browser forms',
  oneShotPut: '`overwrite: never`, single PUT',
  oneShotMultipart: '`overwrite: never`, multipart',
  checksums: 'checksums',
  fullObjectChecksums: 'checksums of whole files in parts',
  tags: 'tags',
  acl: 'ACLs',
  sseS3: 'encryption `s3`',
  sseKms: 'encryption `kms`',
  storageClasses: 'storage classes',
} as const satisfies Record<ProviderLimit, string>;

export function destinationsPage(): string {
  return page(
    'Destinations',
    `A destination is a bucket by the name that callers have for it: they never name a bucket. \`PRESIGND_BUCKET\` and the
settings beside it ([configuration.md](configuration.md)) are those of \`default\`, which a request gets that names
none. Further ones stand in \`PRESIGND_DESTINATIONS\`, or in the file that \`PRESIGND_DESTINATIONS_FILE\` names. Their
names are made of a-z, 0-9 and -, a letter first.

\`\`\`json
{
  "avatars": {
    "bucket": "acme-avatars",
    "provider": "r2",
    "endpoint": "https://ACCOUNT.r2.cloudflarestorage.com",
    "publicBaseUrl": "https://avatars.example.com",
    "urlTtl": "5m",
    "credentials": { "source": "static", "accessKeyId": "…", "secretAccessKeyFile": "/run/secrets/r2" }
  },
  "archive": { "bucket": "acme-archive", "region": "eu-central-1", "prefix": "uploads" }
}
\`\`\`

All problems are reported together at the start, each with its path, and a field that does not exist is one. What is
left out of limits and rules is as in the settings of \`default\`; what is about the bucket itself is never taken from
there. The policy of an API key can be kept to some destinations (\`presignd keys create --destinations\`). \`/health\`
reports on each as \`s3:NAME\`: an instance whose credentials for a named one fail is \`degraded\` and goes on serving the
others. Metrics carry the name as the label \`destination\`.`,
    [
      '## Fields',
      fieldTable(DESTINATION_FIELDS),
      '## Credentials',
      `Each destination has its own. They are refreshed while the service runs, and no URL outlives those that signed it.
The settings of \`default\` always mean \`{"source":"default"}\`.`,
      ...Object.entries(CREDENTIAL_FIELDS).map(credentialsText),
      '## Providers',
      `What can be asked of a destination depends on whose S3 it is. A wish that the provider cannot keep is refused with
\`DESTINATION_CANNOT\` (400): \`details\` says which one and why, and nothing is dropped silently. A wish that a provider
would refuse aloud counts as possible where its documentation is silent. One that it might take and silently leave out,
such as a condition or a checksum, counts as possible only where somebody has shown it. The column of MinIO is tested on
the real thing in this repository, those of AWS and \`generic\` on the S3 of \`presignd dev\`, which is held to AWS's
documentation. The others rest on the sources below.

\`generic\` is for every server that is none of the others. It is held to what S3 itself does: whoever runs it knows.
No single PUT, form or part is planned beyond 5 GiB, even where a provider takes more.`,
      providerTable(),
      ...PROVIDERS.map((provider) => providerText(PROVIDER_CAPABILITIES[provider])),
    ].join('\n\n'),
  );
}

function fieldTable(fields: Readonly<Record<string, JsonField<unknown>>>): string {
  return table(
    ['Field', 'Type', 'Meaning'],
    Object.entries(fields).map(([name, { label, doc }]) => [`\`${name}\``, label, doc]),
  );
}

function credentialsText([source, fields]: readonly [
  string,
  Readonly<Record<string, JsonField<unknown>>>,
]): string {
  const head = `### \`{"source":"${source}"}\``;
  return Object.keys(fields).length === 0
    ? `${head}\n\nThe AWS SDK's own chain: environment, shared files, SSO, processes, web identity, containers, instances.`
    : `${head}\n\n${fieldTable(fields)}`;
}

function providerTable(): string {
  const columns = PROVIDERS.map((provider) => PROVIDER_CAPABILITIES[provider]);
  return table(
    ['', ...columns.map(({ provider }) => `\`${provider}\``)],
    Object.entries(ROWS).map(([title, cell]) => [title, ...columns.map(cell)]),
  );
}

function providerText({ provider, title, because, sources }: ProviderCapabilities): string {
  const lacks = PROVIDER_LIMITS.flatMap((limit) => {
    const why = because[limit];
    return why === undefined ? [] : [`- ${LIMIT_TITLES[limit]}: it ${why}`];
  });
  return [`### \`${provider}\`: ${title}`, lacks.join('\n'), `Sources: ${sources.join('; ')}.`]
    .filter((part) => part !== '')
    .join('\n\n');
}

function yesNo(can: boolean): string {
  return can ? 'yes' : 'no';
}

function listText(items: readonly string[]): string {
  return items.length === 0 ? 'no' : items.map((item) => `\`${item}\``).join(', ');
}

/** Decimal where that is a whole number below a thousand, as some providers count; else binary. */
function sizeText(sizeBytes: number): string {
  const decimal = ['MB', 'GB', 'TB'].map((unit, index) => ({
    unit,
    amount: sizeBytes / 1_000 ** (index + 2),
  }));
  const whole = decimal.find(({ amount }) => Number.isInteger(amount) && amount < 1_000);
  if (whole !== undefined) return `${whole.amount} ${whole.unit}`;
  const binary = ['MiB', 'GiB', 'TiB'].map((unit, index) => ({
    unit,
    amount: sizeBytes / 1_024 ** (index + 2),
  }));
  const largest = binary.findLast(({ amount }) => amount >= 0.999) ?? { unit: 'bytes', amount: sizeBytes };
  return `${Math.round(largest.amount * 1_000) / 1_000} ${largest.unit}`;
}

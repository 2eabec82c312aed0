// Where a destination's credentials come from.
import {
  type JsonField,
  type JsonValues,
  objectFrom,
  readFields,
  required,
  textField,
} from './json-fields.ts';
import { Secret } from './secret.ts';
import { followingSecret, readValueFile, whyUnreadable } from './value-file.ts';
import { choice, secret, text, type ValueType } from './value-types.ts';

export type CredentialSettings =
  /** The AWS SDK's own chain. */
  | { readonly source: 'default' }
  /** A profile of the shared AWS config files, and nothing else should it be missing. */
  | { readonly source: 'profile'; readonly profile: string }
  | {
      readonly source: 'static';
      readonly accessKeyId: string;
      readonly secretAccessKey: Secret;
      readonly sessionToken: Secret | undefined;
    }
  /** A JSON file that is read whenever credentials are renewed. */
  | { readonly source: 'file'; readonly path: string };

/** The path of a file whose text is the secret. It must be there at the start, and is followed from then on. */
const secretFile: ValueType<Secret> = {
  label: 'path',
  read: (path) => {
    const read = (content: string) => new Secret(content);
    try {
      return followingSecret(path, read(readValueFile(path)), read);
    } catch (error) {
      throw new Error(`names a file that cannot be read (${whyUnreadable(error)})`);
    }
  },
};

/** The fields of each source. */
const SOURCES = {
  default: {},
  profile: { profile: required(textField(text, 'A profile of the shared AWS config files.')) },
  static: {
    accessKeyId: required(textField(text, 'The access key id.')),
    secretAccessKey: textField(secret, 'The secret access key.'),
    secretAccessKeyFile: textField(secretFile, 'A file with the secret access key, instead.'),
    sessionTokenFile: textField(secretFile, 'A file with the session token of temporary credentials.'),
  },
  file: {
    path: required(
      textField(
        text,
        'A JSON file with `accessKeyId` and `secretAccessKey`, and with `sessionToken` and `expiration` (ISO 8601) for temporary credentials. It is read again in time before its `expiration`; without one, it is read at the start.',
      ),
    ),
  },
} as const satisfies Record<CredentialSettings['source'], Record<string, JsonField<unknown>>>;

/** What stands beside `source`, for the docs. */
export const CREDENTIAL_FIELDS: Readonly<Record<string, Readonly<Record<string, JsonField<unknown>>>>> =
  SOURCES;

const sourceField = required(
  textField(choice('default', 'profile', 'static', 'file'), 'Where the credentials come from.'),
);

/** The credentials of a destination. Left out, the AWS SDK's own chain. */
export const credentialsField: JsonField<CredentialSettings> = {
  label: 'object',
  doc: "Where the credentials come from, see below. Without it, the AWS SDK's own chain.",
  read: (value) => {
    if (value === undefined) return { source: 'default' };
    const { source: asked, ...fields } = objectFrom(value);
    // Alone at first, because it decides which other fields there are.
    const { source } = readFields({ source: asked }, { source: sourceField });
    if (source === 'static') return staticCredentials(readFields(fields, SOURCES.static));
    if (source === 'profile') return { source, ...readFields(fields, SOURCES.profile) };
    if (source === 'file') return { source, ...readFields(fields, SOURCES.file) };
    return { source, ...readFields(fields, SOURCES.default) };
  },
};

function staticCredentials({
  accessKeyId,
  secretAccessKey,
  secretAccessKeyFile,
  sessionTokenFile: sessionToken,
}: JsonValues<typeof SOURCES.static>): CredentialSettings {
  const known = secretAccessKey ?? secretAccessKeyFile;
  if (known === undefined || (secretAccessKey && secretAccessKeyFile))
    throw new Error('must have a secretAccessKey or a secretAccessKeyFile, and not both');
  return { source: 'static', accessKeyId, secretAccessKey: known, sessionToken };
}

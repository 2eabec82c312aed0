// What the policy of an API key lets through. Pure.
import { Fault, type FieldViolation } from '../fault/fault.ts';
import type { KeyPolicy } from '../keys/api-key.ts';
import { mediaTypeOf } from './content-type.ts';
import { extensionBelongsTo, extensionOf } from './file-extension.ts';
import type { MediaFamily } from './media-family.ts';

/** How many items of a list a message shows: gRPC carries messages in a header, where space is short. */
const SHOWN_ITEMS = 10;
const SHOWN_EXTENSION_LENGTH = 20;

/** What a caller declares of a file, as far as policies judge it. */
export interface DeclaredFile {
  readonly filename: string;
  readonly contentType: string;
  /** In place of the type, where the client chooses it: the policy must allow all of them. */
  readonly family?: MediaFamily | undefined;
  /** The most that the upload can have. */
  readonly sizeBytes: number;
  readonly overwrite: string | undefined;
  readonly destination: string;
}

/** A request as rules look at it. */
interface JudgedFile {
  readonly sizeBytes: number;
  /** Empty when the declared type is neither one media type nor a family. */
  readonly mediaType: string;
  readonly extension: string;
  readonly overwrite: string | undefined;
  readonly destination: string;
}

interface PolicyRule {
  /** As the contract calls it. */
  readonly name: string;
  /** The field of the request that breaks it. */
  readonly field: string;
  readonly admits: (policy: KeyPolicy, file: JudgedFile) => boolean;
  /** What it allows: completes "the policy allows …". */
  readonly limit: (policy: KeyPolicy, file: JudgedFile) => string;
}

/** Every rule that can refuse an upload. The others shape it: its life and its key. */
const POLICY_RULES: readonly PolicyRule[] = [
  {
    name: 'extensions',
    field: 'filename',
    admits: ({ extensions }, { extension }) => extensions?.includes(extension) ?? true,
    limit: ({ extensions = [] }) => `file names that end in ${listed(extensions.map((end) => `.${end}`))}`,
  },
  {
    name: 'content_types',
    field: 'filename',
    // Where types are restricted, a name must not contradict its type: a browser goes by the one, a desktop by the other.
    admits: (policy, { mediaType, extension }) =>
      policy.contentTypes === undefined ||
      !admitsType(policy, mediaType) ||
      extension === '' ||
      extensionBelongsTo(extension, mediaType),
    limit: (_policy, { mediaType, extension }) =>
      `only extensions of the declared type: .${extension.slice(0, SHOWN_EXTENSION_LENGTH)} does not belong to ${mediaType}`,
  },
  {
    name: 'content_types',
    field: 'contentType',
    admits: (policy, { mediaType }) => admitsType(policy, mediaType),
    limit: ({ contentTypes = [] }) => `the content types ${listed(contentTypes)}`,
  },
  {
    name: 'max_size',
    field: 'size',
    admits: ({ maxSizeBytes }, { sizeBytes }) => maxSizeBytes === undefined || sizeBytes <= maxSizeBytes,
    limit: ({ maxSizeBytes }) => `files of at most ${maxSizeBytes} bytes`,
  },
  {
    name: 'allow_overwrite',
    field: 'overwrite',
    // A request that does not say is made one-shot; one that wants to overwrite must not be told that it may.
    admits: ({ allowOverwrite }, { overwrite }) => allowOverwrite !== false || overwrite !== 'allow',
    limit: () => 'only uploads that never overwrite',
  },
  {
    name: 'destinations',
    field: 'destination',
    admits: ({ destinations }, { destination }) => destinations?.includes(destination) ?? true,
    limit: ({ destinations = [] }, { destination }) =>
      `the destinations ${listed(destinations)}, not ${destination}`,
  },
];

/** The POLICY_REFUSED that names every rule which the file breaks, with its limit; undefined if it breaks none. */
export function policyRefusal(declared: DeclaredFile, policy: KeyPolicy): Fault | undefined {
  const { contentType, family, filename, sizeBytes, overwrite, destination } = declared;
  const file: JudgedFile = {
    sizeBytes,
    mediaType: family?.type ?? mediaTypeOf(contentType),
    extension: extensionOf(filename),
    overwrite,
    destination,
  };
  const broken = POLICY_RULES.filter((rule) => !rule.admits(policy, file)).map(({ name, field, limit }) => ({
    field,
    allowed: `${limit(policy, file)} (${name})`,
  }));
  if (broken.length === 0) return undefined;
  return new Fault('POLICY_REFUSED', {
    publicMessage: `The API key's policy allows ${broken.map(({ allowed }) => allowed).join('; ')}`,
    fields: broken.map(
      ({ field, allowed }): FieldViolation => ({ field, message: `the API key's policy allows ${allowed}` }),
    ),
  });
}

function admitsType({ contentTypes }: KeyPolicy, mediaType: string): boolean {
  return (
    contentTypes?.some((allowed) =>
      allowed.endsWith('/*') ? mediaType.startsWith(allowed.slice(0, -1)) : mediaType === allowed,
    ) ?? true
  );
}

function listed(items: readonly string[]): string {
  const more = items.length - SHOWN_ITEMS;
  return items.slice(0, SHOWN_ITEMS).join(', ') + (more > 0 ? ` and ${more} more` : '');
}

// What the policy of an API key lets through. Pure.
import { Fault, type FieldViolation } from '../fault/fault.ts';
import type { KeyPolicy } from '../keys/api-key.ts';
import { mediaTypeOf } from './content-type.ts';
import { extensionBelongsTo, extensionOf } from './file-extension.ts';
import { DEFAULT_DESTINATION, type UploadRequest } from './upload.ts';

/** How many items of a list a message shows: gRPC carries messages in a header, where space is short. */
const SHOWN_ITEMS = 10;
const SHOWN_EXTENSION_LENGTH = 20;

/** A request as rules look at it. */
interface DeclaredFile {
  readonly sizeBytes: number;
  /** Empty when the declared type is not one media type. */
  readonly mediaType: string;
  readonly extension: string;
  readonly overwrite: string | undefined;
}

interface PolicyRule {
  /** As the contract calls it. */
  readonly name: string;
  /** The field of the request that breaks it; undefined where none does. */
  readonly field: string | undefined;
  readonly admits: (policy: KeyPolicy, file: DeclaredFile) => boolean;
  /** What it allows: completes "the policy allows …". */
  readonly limit: (policy: KeyPolicy, file: DeclaredFile) => string;
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
    field: undefined,
    admits: ({ destinations }) => destinations?.includes(DEFAULT_DESTINATION) ?? true,
    limit: ({ destinations = [] }) => `the destinations ${listed(destinations)}, not ${DEFAULT_DESTINATION}`,
  },
];

/** The POLICY_REFUSED that names every rule which the request breaks, with its limit; undefined if it breaks none. */
export function policyRefusal(request: UploadRequest, policy: KeyPolicy): Fault | undefined {
  const file: DeclaredFile = {
    sizeBytes: request.sizeBytes,
    mediaType: mediaTypeOf(request.contentType),
    extension: extensionOf(request.filename),
    overwrite: request.options?.overwrite,
  };
  const broken = POLICY_RULES.filter((rule) => !rule.admits(policy, file)).map(({ name, field, limit }) => ({
    field,
    allowed: `${limit(policy, file)} (${name})`,
  }));
  if (broken.length === 0) return undefined;
  return new Fault('POLICY_REFUSED', {
    publicMessage: `The API key's policy allows ${broken.map(({ allowed }) => allowed).join('; ')}`,
    fields: broken.flatMap(({ field, allowed }): FieldViolation[] =>
      field === undefined ? [] : [{ field, message: `the API key's policy allows ${allowed}` }],
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

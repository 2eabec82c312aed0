import { MEDIA_TYPES } from './media-types.ts';
import { safeName } from './safe-segment.ts';

/** The media type that says nothing of the content (RFC 2046 §4.5.1). */
const ARBITRARY_BYTES = 'application/octet-stream';

const BY_EXTENSION: ReadonlyMap<string, readonly string[]> = new Map(Object.entries(MEDIA_TYPES));
const KNOWN_TYPES: ReadonlySet<string> = new Set(Object.values(MEDIA_TYPES).flat());

/**
 * The extension in lower case and without its dot; empty when there is none, as in `README` and `.png`. Read from the
 * name that the object gets: what the caller's own name ends in may be gone from that (`a.exe.`, an exotic dot).
 */
export function extensionOf(filename: string): string {
  const name = safeName(filename);
  return name.slice(name.lastIndexOf('.') + 1 || name.length).toLowerCase();
}

/**
 * Whether a file with this extension can be of this media type; both in lower case. `application/octet-stream` goes
 * with every extension, since it claims nothing that could be wrong. An extension that the table does not know goes
 * with types that it does not know either, so that formats of one's own can be allowed, and with no type that it does:
 * `photo.xyz` is no `image/png`. A family such as `image/*` stands for any of its types.
 */
export function extensionBelongsTo(extension: string, mediaType: string): boolean {
  if (mediaType === ARBITRARY_BYTES) return true;
  if (mediaType.endsWith('/*')) return belongsToFamily(extension, mediaType.slice(0, -1));
  return BY_EXTENSION.get(extension)?.includes(mediaType) ?? !KNOWN_TYPES.has(mediaType);
}

/** A family has types beyond the table, so that only an extension of other types contradicts it. */
function belongsToFamily(extension: string, prefix: string): boolean {
  return BY_EXTENSION.get(extension)?.some((type) => type.startsWith(prefix)) ?? true;
}

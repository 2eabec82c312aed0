/** RFC 6838 §4.2 for the name; the wildcard is that of RFC 9110 §12.5.1. */
const FAMILY = /^([a-z0-9][a-z0-9!#$&^_.+-]*\/)\*$/i;

/** All media types with one first half. */
export interface MediaFamily {
  /** Such as `image/*`, in lower case. */
  readonly type: string;
  /** What each of its types begins with, such as `image/`. */
  readonly prefix: string;
}

/** The family that the text names, or undefined for anything else, such as a media type. */
export function mediaFamilyOf(contentType: string): MediaFamily | undefined {
  const prefix = FAMILY.exec(contentType)?.[1]?.toLowerCase();
  return prefix === undefined ? undefined : { type: `${prefix}*`, prefix };
}

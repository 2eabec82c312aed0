/** Type and subtype (RFC 6838 §4.2), then parameters (RFC 9110 §8.3.1). */
const MEDIA_TYPE = /^([a-z0-9][a-z0-9!#$&^_.+-]*\/[a-z0-9][a-z0-9!#$&^_.+-]*) *(?:;(.*))?$/i;

const QUOTED_STRING = /"(?:[^"\\]|\\.)*"/g;

/** A comma with a slash somewhere behind it, or a quote that does not end. */
const SECOND_TYPE = /,.*\/|"/;

/**
 * The media type of a content type, in lower case and without its parameters; empty when the text is not one media
 * type. A comma may begin a second type, and browsers go by the last (WHATWG Fetch, "extract a MIME type"), so that
 * `image/png;a,text/html` would be a page; `video/webm;codecs=vp8,opus` is what their recorders write, and harmless.
 */
export function mediaTypeOf(contentType: string): string {
  const [, mediaType, parameters] = MEDIA_TYPE.exec(contentType) ?? [];
  if (mediaType === undefined) return '';
  if (parameters?.includes(',') && SECOND_TYPE.test(parameters.replace(QUOTED_STRING, ''))) return '';
  return mediaType.toLowerCase();
}

/** What S3 takes of the options of an upload, or what keeps an upload within that. */
export const OPTION_LIMITS = {
  /** User metadata, names and values as they are sent (AWS "Working with object metadata"). */
  metadataBytes: 2048,
  /** AWS "Categorizing your storage using tags"; the lengths count UTF-16 units, as S3 does. */
  tags: 10,
  tagKeyLength: 128,
  tagValueLength: 256,
  /** The longest file name that common file systems can save: what a browser is told is cut to it. */
  dispositionNameBytes: 255,
  /** S3 takes 8 KiB of headers in a PUT (AWS "Working with object metadata"); clients add some of their own. */
  signedHeadersBytes: 7168,
} as const;

// What the settings of uploads can be, for the default destination and for named ones.

/** AWS "Access control list overview", without the one that is for logs of buckets only. */
export const CANNED_ACLS = [
  'private',
  'public-read',
  'public-read-write',
  'authenticated-read',
  'aws-exec-read',
  'bucket-owner-read',
  'bucket-owner-full-control',
] as const;

export const ACTIVE_CONTENT = ['allow', 'attachment', 'deny'] as const;

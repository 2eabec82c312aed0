// What is looked at for each destination.
import type { CheckSpec } from './check-spec.ts';

const REACH_CHECKS = {
  address: {
    about: 'region, endpoint and bucket make an address that can be signed for',
    why: 'The service does not start.',
  },
  credentials: {
    about: 'there are credentials, from where, whose, and S3 takes them',
    why: 'Nothing can be signed without credentials, and S3 refuses what unknown ones have signed.',
  },
  'credentials-life': {
    about: 'temporary credentials outlive the URLs that they sign',
    why: 'A URL ends with the credentials that signed it, so clients get less time than they were to have.',
  },
  endpoint: {
    about: 'S3 can be reached as this service reaches it: DNS, TCP, TLS',
    why: 'Multipart uploads, completions and the janitor ask S3. URLs are signed without it, and nobody can use them.',
  },
  'public-endpoint': {
    about: 'the same for the endpoint of clients, where that is another one',
    why: 'URLs are signed for that host, so clients can use no other.',
  },
  'endpoint-certificate': {
    about:
      'the certificates that these endpoints show are trusted here, for their names, and valid now and for 14 days more',
    why: 'This service, or its clients, do not talk to a server whose certificate is not valid.',
  },
  's3-server': {
    about: 'what answers there speaks S3',
    why: 'Everything else at that address refuses, or swallows, what clients upload.',
  },
  clock: {
    about: 'the clock of this machine agrees with that of S3',
    why: 'S3 refuses what was signed more than 15 minutes away from its own time, and below that every second off is taken from the life of URLs.',
  },
  region: {
    about: "the region is the bucket's own",
    why: 'S3 refuses signatures for another region, or redirects, which browsers do not follow across origins.',
  },
  bucket: {
    about: 'the bucket is there, and these credentials may look into it',
    why: 'Without the bucket every upload fails. Without `s3:ListBucket`, S3 answers 403 where an object is missing, and completions cannot tell.',
  },
  provider: {
    about: '`PRESIGND_PROVIDER` names whose S3 answers',
    why: 'Plans ask S3 for what the named provider can do, so an upload may be planned that this one refuses.',
  },
  transport: {
    about: 'clients reach S3 by https, unless it is on this machine',
    why: 'Who reads along sees the bytes, and can use the URLs. Browsers do not let pages of https upload to http.',
  },
} as const satisfies Record<string, CheckSpec>;

const BUCKET_CHECKS = {
  'cors-origin': {
    about: 'a browser may PUT from each origin: it sends a real preflight',
    why: 'A browser sends nothing that the preflight does not allow, and tells the page no more than "Failed to fetch".',
  },
  'cors-methods': {
    about: 'and GET, for downloads, and POST, for forms',
    why: 'Downloads by script, or forms, fail in browsers.',
  },
  'cors-headers': {
    about: 'and with every header that a plan can have clients send',
    why: 'Uploads that ask for these headers, such as those with a checksum or metadata, fail in browsers.',
  },
  'cors-etag': {
    about: 'the ETag of an uploaded part can be read by scripts',
    why: 'Upload libraries wait for the ETag of each part and hang at 100 %. Completing with presignd needs none.',
  },
  lifecycle: {
    about: 'S3 ends multipart uploads that nobody completes, and not before their upload id ends',
    why: 'S3 keeps, and bills, their parts for ever; or it drops parts of uploads that can still be completed.',
  },
  'public-list': {
    about: 'nobody can list the bucket without credentials',
    why: 'Whoever lists a bucket gets the name, and usually the content, of every file.',
  },
  'public-read': {
    about: 'objects are public only where a public base URL says so',
    why: 'Whoever knows an object key can read the object.',
  },
  encryption: {
    about: 'the bucket encrypts by default',
    why: 'What is stored lies in clear on the disks, unless each upload asks for encryption.',
  },
  'public-url': {
    about: 'the public base URL answers; with `--write`, with the very bytes that were uploaded',
    why: 'The `publicUrl` of every answer leads nowhere.',
  },
} as const satisfies Record<string, CheckSpec>;

const WRITE_CHECKS = {
  upload: {
    about: 'a presigned PUT goes through, by the endpoint of clients',
    why: 'Uploads fail.',
    writes: true,
  },
  'upload-size': {
    about: 'a PUT of another size than the signed one is refused',
    why: 'Size limits and byte quotas hold only where S3 enforces what was signed.',
    writes: true,
  },
  overwrite: {
    about: 'an upload that must not overwrite is refused where there is an object',
    why: '`overwrite: never`, and keys that are not allowed to overwrite, rely on it.',
    writes: true,
  },
  'public-write': {
    about: 'nobody can upload without a signature',
    why: 'Anybody can fill the bucket, and replace what is in it.',
    writes: true,
  },
  cleanup: {
    about: 'what was uploaded for these checks is deleted again',
    why: 'A few bytes stay behind, until somebody deletes them.',
    writes: true,
  },
} as const satisfies Record<string, CheckSpec>;

export const DESTINATION_CHECKS = { ...REACH_CHECKS, ...BUCKET_CHECKS, ...WRITE_CHECKS } as const;

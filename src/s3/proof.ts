// The native signer is trusted only while it proves itself against the AWS SDK.
import type { FormRequest, GetRequest, PartsRequest, PutRequest, Signer } from './signer.ts';

/** Keys hold what signers get wrong: characters that encoders treat unlike. */
const OBJECT_KEY = "presignd/probe-0/Ä €😀/a+b (1)~!*'=&?#%2F.bin";
const CHECKSUMS = {
  'content-md5': '1B2M2Y8AsgTpgAmY7PhCfg==',
  'x-amz-checksum-sha256': '47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=',
};

/** Values do likewise: spaces in a row, a parameter, a zero. */
const PUT: PutRequest = {
  objectKey: OBJECT_KEY,
  headers: { 'content-length': '1048576', 'content-type': 'text/plain;  charset="utf-8"' },
};
const PUTS: readonly PutRequest[] = [
  PUT,
  { ...PUT, headers: { ...PUT.headers, 'if-none-match': '*' } },
  { ...PUT, headers: { ...PUT.headers, 'x-goog-if-generation-match': '0' } },
  {
    ...PUT,
    headers: {
      ...PUT.headers,
      ...CHECKSUMS,
      'cache-control': 'max-age=60',
      'content-disposition': 'attachment; filename="a  b.txt"',
      'x-amz-meta-probe': 'a  b',
      'x-amz-server-side-encryption': 'AES256',
      'x-amz-storage-class': 'STANDARD',
      'x-amz-tagging': 'a%20b=c%2B',
    },
  },
];

const PARTS: PartsRequest = {
  objectKey: OBJECT_KEY,
  s3UploadId: '2~probe/+=&~.Ä',
  parts: [
    { partNumber: 10_000, headers: { 'content-length': '5242880' } },
    { partNumber: 1, headers: { 'content-length': '0', ...CHECKSUMS } },
  ],
};

const GETS: readonly GetRequest[] = [
  { objectKey: OBJECT_KEY, overrides: {} },
  {
    objectKey: OBJECT_KEY,
    overrides: {
      versionId: 'a/+=b',
      'response-content-type': 'text/plain;  charset="utf-8"',
      'response-content-disposition': `attachment; filename="a  b.txt"; filename*=UTF-8''%C3%84`,
    },
  },
];

const FORM: FormRequest = {
  objectKey: OBJECT_KEY,
  fields: { 'Content-Type': 'text/plain;  charset="utf-8"', success_action_status: '201' },
  contentTypePrefix: undefined,
  minSizeBytes: 0,
  maxSizeBytes: 5_368_709_120,
};
const FORMS: readonly FormRequest[] = [
  FORM,
  {
    ...FORM,
    fields: { ...CHECKSUMS, 'x-amz-meta-probe': 'Ä\u2028"\\', tagging: '<Tagging/>' },
    contentTypePrefix: 'image/',
  },
];

const PROBE_EXPIRES_SECONDS = 900;

/**
 * Whether both signers make the same of each probe: of PUTs, parts, GETs and forms, with every set of headers. A native
 * signer that throws does not agree. Rejects with what the SDK's signer throws, because then nothing can be signed at
 * all.
 */
export async function signersAgree(native: Signer, sdk: Signer, atMs: number): Promise<boolean> {
  for (const sign of probes(atMs - (atMs % 1000))) {
    const expected = JSON.stringify(await sign(sdk));
    const made = await textOrUndefined(() => sign(native));
    if (made !== expected) return false;
  }
  return true;
}

function probes(atMs: number): readonly ((signer: Signer) => unknown)[] {
  const when = [atMs, PROBE_EXPIRES_SECONDS] as const;
  return [
    ...PUTS.map((probe) => (signer: Signer) => signer.put(probe, ...when)),
    (signer: Signer) => signer.parts(PARTS, ...when),
    ...GETS.map((probe) => (signer: Signer) => signer.get(probe, ...when)),
    ...FORMS.map((probe) => (signer: Signer) => signer.form(probe, ...when)),
  ];
}

/** Of a form the order of the fields counts too: it has to be the order that the SDK has. */
async function textOrUndefined(sign: () => unknown): Promise<string | undefined> {
  try {
    return JSON.stringify(await sign());
  } catch {
    return undefined;
  }
}

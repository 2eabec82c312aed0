// Uploads a few bytes as a client would, tries what must be refused, and deletes it all again.
import type { DestinationSettings } from '../config/destinations.ts';
import { PROVIDER_CAPABILITIES } from '../uploads/providers.ts';
import type { ObjectKey } from '../uploads/upload.ts';
import type { HttpOutcome, HttpProbe } from './http-probe.ts';
import { isTaken, type WriteObservation } from './judge-write.ts';
import type { BucketAccess } from './open-bucket.ts';
import { askS3 } from './s3-question.ts';
import { refusalText } from './s3-refusal.ts';
import { type ScratchUpload, scratchKey, signedUpload } from './scratch.ts';

export interface WriteProbe {
  readonly seen: WriteObservation;
  /** What the upload was answered, by the origin that it was sent from. */
  readonly byOrigin: ReadonlyMap<string, HttpOutcome>;
  /** What stands behind the public base URL; undefined without one, or without an upload. */
  readonly publicRead: HttpOutcome | undefined;
  readonly content: string;
}

export interface WriteTools {
  readonly probe: HttpProbe;
  readonly wallClockMs: () => number;
  /** Unique, for the names of the objects. */
  readonly id: string;
}

export async function probeWrites(
  spec: DestinationSettings,
  { presigner, storage }: BucketAccess,
  origins: readonly string[],
  { probe, wallClockMs, id }: WriteTools,
): Promise<WriteProbe> {
  const key = (name: string) => scratchKey(spec, `${id}-${name}`);
  const [objectKey, wrongKey, unsignedKey] = [key('right'), key('wrong-size'), key('unsigned')];
  const content = `presignd doctor ${id}`;
  const put = async (upload: ScratchUpload) => probe(await signedUpload(presigner, upload, wallClockMs()));
  const byOrigin = new Map<string, HttpOutcome>();
  const [first = undefined, ...others] = origins;
  const upload = await put({ objectKey, body: content, origin: first });
  if (first !== undefined) byOrigin.set(first, upload);
  if (!isTaken(upload))
    return { seen: { objectKey, upload, left: [] }, byOrigin, publicRead: undefined, content };
  for (const origin of others) byOrigin.set(origin, await put({ objectKey, body: content, origin }));

  const { oneShotPut } = PROVIDER_CAPABILITIES[spec.provider];
  const [publicRead, anonymousRead, wrongSize, unsigned, oneShot] = await Promise.all([
    spec.publicBaseUrl === undefined
      ? undefined
      : probe({ method: 'GET', url: presigner.publicUrl(objectKey) }),
    signedUpload(presigner, { objectKey, body: content }, wallClockMs()).then(({ url }) =>
      probe({ method: 'GET', url: withoutQuery(url) }),
    ),
    put({ objectKey: wrongKey, body: `${content}!`, signedSizeBytes: content.length }),
    signedUpload(presigner, { objectKey: unsignedKey, body: content }, wallClockMs()).then((signed) =>
      probe({ ...signed, url: withoutQuery(signed.url) }),
    ),
    oneShotPut === null
      ? undefined
      : put({ objectKey, body: content, extraHeaders: { [oneShotPut.header]: oneShotPut.value } }),
  ]);
  const taken: ObjectKey[] = [
    objectKey,
    ...(isTaken(wrongSize) ? [wrongKey] : []),
    ...(isTaken(unsigned) ? [unsignedKey] : []),
  ];
  const left = await Promise.all(
    taken.map(async (Key) => {
      const deleted = await askS3(storage, (sdk, client, limits) =>
        client.send(new sdk.DeleteObjectCommand({ Bucket: spec.bucket, Key }), limits),
      );
      return 'value' in deleted ? [] : [`${Key} (${refusalText(deleted.refusal)})`];
    }),
  );
  const seen = { objectKey, upload, anonymousRead, wrongSize, unsigned, oneShot, left: left.flat() };
  return { seen, byOrigin, publicRead, content };
}

export function withoutQuery(url: string): string {
  return url.slice(0, url.indexOf('?'));
}

import type { GetObjectCommandInput } from '@aws-sdk/client-s3';
import type { GetRequest } from './signer.ts';

/** The member of the SDK's GetObject that becomes each parameter of the query. */
const MEMBERS = {
  'response-cache-control': 'ResponseCacheControl',
  'response-content-disposition': 'ResponseContentDisposition',
  'response-content-encoding': 'ResponseContentEncoding',
  'response-content-language': 'ResponseContentLanguage',
  'response-content-type': 'ResponseContentType',
  versionId: 'VersionId',
} as const satisfies Readonly<Record<string, keyof GetObjectCommandInput>>;

const MEMBER_OF: ReadonlyMap<string, string> = new Map(Object.entries(MEMBERS));

/** The SDK's GetObject that sends exactly these. Throws a TypeError for a parameter that it has no member for. */
export function getObjectInput(bucket: string, { objectKey, overrides }: GetRequest): GetObjectCommandInput {
  const members = Object.entries(overrides).map(([name, value]) => {
    const member = MEMBER_OF.get(name);
    if (member === undefined) throw new TypeError(`the SDK has no member for the parameter ${name}`);
    return [member, value] as const;
  });
  return { ...Object.fromEntries(members), Bucket: bucket, Key: objectKey };
}

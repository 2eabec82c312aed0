import { S3Error } from './s3-error.ts';
import { encodePercent } from './sigv4.ts';

/** S3 never lists more entries on a page. */
const MAX_PAGE_ENTRIES = 1000;

/** A page size between 0 and S3's limit, which is also the default. @throws S3Error InvalidArgument */
export function pageSizeFromQuery(query: ReadonlyMap<string, string>, name: string): number {
  return Math.min(integerFromQuery(query, name) ?? MAX_PAGE_ENTRIES, MAX_PAGE_ENTRIES);
}

/** @throws S3Error InvalidArgument for anything but digits. */
export function integerFromQuery(query: ReadonlyMap<string, string>, name: string): number | undefined {
  const text = query.get(name);
  if (text === undefined || text === '') return undefined;
  if (!/^\d{1,10}$/.test(text)) {
    throw new S3Error('InvalidArgument', `Provided ${name} is not an integer or is out of range.`, {
      ArgumentName: name,
      ArgumentValue: text,
    });
  }
  return Number(text);
}

/** How a listing writes keys: as they are, or percent-encoded where the client asks for it. */
export function keyEncoding(query: ReadonlyMap<string, string>): (key: string) => string {
  const type = query.get('encoding-type');
  if (type === undefined) return (key) => key;
  if (type !== 'url') throw new S3Error('InvalidArgument', 'Invalid Encoding Method specified in Request');
  return (key) => key.split('/').map(encodePercent).join('/');
}

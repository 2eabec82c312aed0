import type { S3Address } from './address.ts';
import { uriEncodePath } from './sigv4.ts';

/**
 * The URL under which objects can be read: below `publicBaseUrl` where there is one, else the object's own URL.
 * Each segment of a key is percent-encoded. Throws an Error for a base that cannot have a path appended.
 */
export function createPublicUrl(
  address: Pick<S3Address, 'origin' | 'basePath'>,
  publicBaseUrl: string | undefined,
): (key: string) => string {
  const base = publicBaseUrl === undefined ? address.origin + address.basePath : checkedBase(publicBaseUrl);
  return (key) => `${base}/${uriEncodePath(key)}`;
}

function checkedBase(text: string): string {
  const url = new URL(text);
  if (!/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '' || url.username !== '') {
    throw new Error('the public base URL must be http or https, without user, query and fragment');
  }
  return url.href.replace(/\/+$/, '');
}

// Content-Disposition with the file's own name (RFC 6266, RFC 8187). Pure.
import { percentEncode } from './header-value.ts';
import { OPTION_LIMITS } from './option-limits.ts';

export const DISPOSITIONS = ['inline', 'attachment'] as const;
export type Disposition = (typeof DISPOSITIONS)[number];

const EXTENSION = /\.[^.\s]{1,16}$/u;

/**
 * The header that has a browser show or save the file under its own name. A name beyond plain ASCII comes twice: as
 * what old clients can read, and in full for all others.
 */
export function contentDisposition(disposition: Disposition, filename: string): string {
  const name = savedName(filename);
  if (name === '') return disposition;
  // Clients unescape quotes and percent signs unlike (RFC 6266, appendix D).
  const plain = name.replace(/[^\x20-\x7e]|["%\\]/gu, '_');
  const header = `${disposition}; filename="${plain}"`;
  return plain === name ? header : `${header}; filename*=UTF-8''${percentEncode(name)}`;
}

/** The last segment of what may be a path, without spaces around it, cut to what file systems can hold. */
function savedName(filename: string): string {
  const name = (filename.split(/[/\\]/).findLast((segment) => segment !== '') ?? '').trim();
  if (name === '.' || name === '..') return '';
  if (Buffer.byteLength(name) <= OPTION_LIMITS.dispositionNameBytes) return name;
  const extension = EXTENSION.exec(name)?.[0] ?? '';
  let stem = '';
  let bytes = Buffer.byteLength(extension);
  for (const character of name.slice(0, name.length - extension.length)) {
    bytes += Buffer.byteLength(character);
    if (bytes > OPTION_LIMITS.dispositionNameBytes) break;
    stem += character;
  }
  return stem + extension;
}

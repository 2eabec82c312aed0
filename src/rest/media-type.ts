import type { HttpRequest } from '../rpc/http-handler.ts';

const JSON_TYPE = /^application\/json\s*(?:;(.*))?$/i;
const CHARSET = /^\s*charset\s*=\s*"?([^"\s]*)"?\s*$/i;

/** Whether the body is declared to be JSON in UTF-8 (the only charset of JSON, RFC 8259 §8.1), and not compressed. */
export function declaresPlainJson({ headers }: HttpRequest): boolean {
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') return false;
  const type = headers['content-type'];
  return type === 'application/json' || (type !== undefined && isJsonInUtf8(type));
}

function isJsonInUtf8(type: string): boolean {
  const match = JSON_TYPE.exec(type.trim());
  if (match === null) return false;
  const charsets = (match[1] ?? '').split(';').flatMap((parameter) => CHARSET.exec(parameter)?.[1] ?? []);
  return charsets.every((charset) => /^utf-?8$/i.test(charset));
}

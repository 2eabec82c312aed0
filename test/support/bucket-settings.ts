// The settings of a bucket that no S3 server which tests can run has: CORS and lifecycle, as S3 keeps and applies them.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { crc32 } from 'node:zlib';
import { errorXml } from './s3-error-xml.ts';
import type { ProxyOptions } from './s3-proxy.ts';

type Setting = 'cors' | 'lifecycle';

const NONE: Readonly<Record<Setting, string>> = {
  cors: 'NoSuchCORSConfiguration',
  lifecycle: 'NoSuchLifecycleConfiguration',
};

/** To stand in front of a server, as `openS3Proxy` takes it. */
export interface BucketSettings extends Required<ProxyOptions> {
  /** The XML that is there. */
  readonly kept: Partial<Record<Setting, string>>;
}

export function createBucketSettings(kept: Partial<Record<Setting, string>> = {}): BucketSettings {
  return {
    kept,
    answers: (request, response, body) => {
      const setting = (['cors', 'lifecycle'] as const).find((name) =>
        new RegExp(`[?&]${name}(?:[=&]|$)`).test(request.url ?? ''),
      );
      if (setting !== undefined) answerSetting(kept, setting, request, response, body);
      else if (request.method === 'OPTIONS') answerPreflight(kept.cors, request, response);
      else return false;
      return true;
    },
    changeHeaders: (headers, request) => {
      for (const name of Object.keys(headers)) if (name.startsWith('access-control-')) delete headers[name];
      Object.assign(headers, corsHeaders(kept.cors, request, request.method ?? '', []));
    },
  };
}

function answerSetting(
  kept: Partial<Record<Setting, string>>,
  setting: Setting,
  { method, headers }: IncomingMessage,
  response: ServerResponse,
  body: Buffer,
): void {
  const refuse = (status: number, code: string) =>
    response.writeHead(status, { 'content-type': 'application/xml' }).end(errorXml(code));
  if (!headers.authorization?.startsWith('AWS4-HMAC-SHA256 ')) return void refuse(403, 'AccessDenied');
  if (method === 'GET') {
    const xml = kept[setting];
    if (xml === undefined) return void refuse(404, NONE[setting]);
    return void response.writeHead(200, { 'content-type': 'application/xml' }).end(xml);
  }
  // S3 takes no settings without a checksum of them.
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(body));
  if (headers['x-amz-checksum-crc32'] !== checksum.toString('base64'))
    return void refuse(400, 'InvalidRequest');
  const ids = valuesOf(body.toString(), 'ID');
  if (new Set(ids).size < ids.length) return void refuse(400, 'InvalidArgument');
  kept[setting] = body.toString();
  response.writeHead(200).end();
}

function answerPreflight(xml: string | undefined, request: IncomingMessage, response: ServerResponse): void {
  const { 'access-control-request-method': method = '', 'access-control-request-headers': asked = '' } =
    request.headers;
  const names = asked.split(',').filter((name) => name !== '');
  const headers = corsHeaders(xml, request, method, names);
  if (headers === undefined) response.writeHead(403).end(errorXml('AccessForbidden'));
  else response.writeHead(200, { ...headers, 'access-control-allow-headers': names.join(', ') }).end();
}

/** S3 goes by the first rule that allows origin, method and, of a preflight, every header. */
function corsHeaders(
  xml: string | undefined,
  { headers: { origin } }: IncomingMessage,
  method: string,
  names: readonly string[],
): Record<string, string> | undefined {
  const rule = [...(xml ?? '').matchAll(/<CORSRule>(.*?)<\/CORSRule>/gs)].find(
    ([, text = '']) =>
      valuesOf(text, 'AllowedOrigin').some((pattern) => matches(pattern, origin ?? '')) &&
      valuesOf(text, 'AllowedMethod').includes(method) &&
      names.every((name) => valuesOf(text, 'AllowedHeader').some((pattern) => matches(pattern, name))),
  )?.[1];
  if (rule === undefined) return undefined;
  return {
    'access-control-allow-origin': origin ?? '',
    'access-control-allow-methods': valuesOf(rule, 'AllowedMethod').join(', '),
    'access-control-expose-headers': valuesOf(rule, 'ExposeHeader').join(', '),
  };
}

function valuesOf(xml: string, name: string): string[] {
  return [...xml.matchAll(new RegExp(`<${name}>([^<]*)</${name}>`, 'g'))].map(([, value = '']) => value);
}

function matches(pattern: string, text: string): boolean {
  const [head = '', tail] = pattern.split('*');
  return tail === undefined ? pattern === text : text.startsWith(head) && text.endsWith(tail);
}

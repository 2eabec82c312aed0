// Signatures in the query: presigned URLs (AWS "Authenticating Requests: Using Query Parameters").
import type { KeyObject } from 'node:crypto';
import {
  ALGORITHM,
  amzDate,
  canonicalHeaderValue,
  canonicalRequest,
  credentialScope,
  signatureOf,
  signingKey,
  stringToSign,
  UNSIGNED_PAYLOAD,
  uriEncode,
} from './sigv4.ts';

const SIGNATURE_PARAMETER = 'X-Amz-Signature';

/** What the requests of one kind have in common. Made once, for any number of signatures. */
export interface RequestShape {
  readonly method: string;
  /** Every header that is signed, `host` among them: lower-case, sorted. */
  readonly headerNames: readonly string[];
  /** Query parameters beside those of the signature itself, not encoded. */
  readonly query: Readonly<Record<string, string>>;
}

/** Where requests go and who signs them. */
export interface SigningScope {
  /** Scheme and authority of the URLs, such as `https://bucket.s3.us-east-1.amazonaws.com`. */
  readonly origin: string;
  /** The Host header of the request: the authority, with its port unless that is the scheme's default. */
  readonly host: string;
  readonly region: string;
  readonly service: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Of temporary credentials. */
  readonly sessionToken?: string | undefined;
}

export interface QuerySigner {
  /**
   * The presigned URL for a request to the encoded absolute `path`. `headers` has a value for every header of the
   * shape but `host`; each is signed, so the request must carry it. Throws a RangeError when one is missing.
   */
  presign(
    shape: RequestShape,
    path: string,
    headers: Readonly<Record<string, string>>,
    atMs: number,
    expiresSeconds: number,
  ): string;
}

/** The query of a shape on one day, cut where the parts that change from call to call go. */
interface QueryTemplate {
  readonly beforeDate: string;
  readonly beforeExpires: string;
  readonly beforeSignature: string;
  readonly afterSignature: string;
  readonly signedHeaders: string;
}

/** All that changes at midnight UTC. */
interface SigningDay {
  readonly name: string;
  readonly scope: string;
  readonly key: KeyObject;
  /** Weak: shapes that nobody uses any more take theirs with them. */
  readonly templates: WeakMap<RequestShape, QueryTemplate>;
}

/** A shape with `host` added to the signed headers. All names are signed as headers, `x-amz-*` too. */
export function createRequestShape(
  method: string,
  headerNames: readonly string[],
  query: Readonly<Record<string, string>>,
): RequestShape {
  return { method, headerNames: [...headerNames.map((name) => name.toLowerCase()), 'host'].sort(), query };
}

export function createQuerySigner(scope: SigningScope): QuerySigner {
  let day: SigningDay | undefined;
  let date = '';
  let dateSecond = Number.NaN;

  function dateAt(atMs: number): string {
    const second = Math.floor(atMs / 1000);
    if (second !== dateSecond) {
      date = amzDate(atMs);
      dateSecond = second;
    }
    return date;
  }

  function dayAt(name: string): SigningDay {
    if (day?.name !== name) {
      day = {
        name,
        scope: credentialScope(name, scope.region, scope.service),
        key: signingKey(scope.secretAccessKey, name, scope.region, scope.service),
        templates: new WeakMap(),
      };
    }
    return day;
  }

  return {
    presign: (shape, path, headers, atMs, expiresSeconds) => {
      const now = dateAt(atMs);
      const today = dayAt(now.slice(0, 8));
      let template = today.templates.get(shape);
      if (template === undefined) {
        template = queryTemplate(shape, scope, today.scope);
        today.templates.set(shape, template);
      }
      const head = `${template.beforeDate}${now}${template.beforeExpires}${expiresSeconds}${template.beforeSignature}`;
      const request = canonicalRequest({
        method: shape.method,
        path,
        query: head + template.afterSignature,
        headerLines: headerLines(shape.headerNames, headers, scope.host),
        signedHeaders: template.signedHeaders,
        payloadHash: UNSIGNED_PAYLOAD,
      });
      const signature = signatureOf(today.key, stringToSign(now, today.scope, request));
      return `${scope.origin}${path}?${head}&${SIGNATURE_PARAMETER}=${signature}${template.afterSignature}`;
    },
  };
}

function headerLines(
  names: readonly string[],
  headers: Readonly<Record<string, string>>,
  host: string,
): string {
  let lines = '';
  for (const name of names) {
    const value = name === 'host' ? host : headers[name];
    if (value === undefined) throw new RangeError(`no value for the signed header ${name}`);
    lines += `${name}:${canonicalHeaderValue(value)}\n`;
  }
  return lines;
}

/** Names sort alike whether encoded or not, and Date < Expires < Signature, so three cuts are enough. */
function queryTemplate(shape: RequestShape, scope: SigningScope, credentials: string): QueryTemplate {
  const signedHeaders = shape.headerNames.join(';');
  const fixed: Record<string, string> = {
    ...shape.query,
    'X-Amz-Algorithm': ALGORITHM,
    'X-Amz-Credential': `${scope.accessKeyId}/${credentials}`,
    'X-Amz-SignedHeaders': signedHeaders,
    ...(scope.sessionToken === undefined ? {} : { 'X-Amz-Security-Token': scope.sessionToken }),
  };
  const pairs = Object.entries(fixed)
    .map(([name, value]) => [uriEncode(name), uriEncode(value)] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const between = (after: string, before: string) =>
    pairs
      .filter(([name]) => name > after && name < before)
      .map(([name, value]) => `&${name}=${value}`)
      .join('');
  return {
    beforeDate: `${between('', 'X-Amz-Date')}&X-Amz-Date=`.slice(1),
    beforeExpires: `${between('X-Amz-Date', 'X-Amz-Expires')}&X-Amz-Expires=`,
    beforeSignature: between('X-Amz-Expires', SIGNATURE_PARAMETER),
    afterSignature: between(SIGNATURE_PARAMETER, '\u{10ffff}'),
    signedHeaders,
  };
}

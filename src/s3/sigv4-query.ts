// Signatures in the query: presigned URLs (AWS "Authenticating Requests: Using Query Parameters").
import { createSigningCalendar, type SigningDay, type SigningIdentity } from './signing-day.ts';
import {
  ALGORITHM,
  canonicalHeaderValue,
  canonicalRequest,
  stringToSign,
  UNSIGNED_PAYLOAD,
  uriEncode,
} from './sigv4.ts';

const SIGNATURE_PARAMETER = 'X-Amz-Signature';

/** Sorts after every name of a parameter. */
const END = '\u{10ffff}';

/** Values of header fields or of query parameters. */
type Values = Readonly<Record<string, string>>;

/** What the requests of one kind have in common. Made once, for any number of signatures. */
export interface RequestShape {
  readonly method: string;
  /** Every header that is signed, `host` among them: lower-case, sorted. */
  readonly headerNames: readonly string[];
  /** Query parameters beside those of the signature itself, not encoded. */
  readonly query: Values;
  /** Those whose values come with each request. */
  readonly parameterNames: readonly string[];
}

/** Where requests go and who signs them. */
export interface SigningScope extends SigningIdentity {
  /** Scheme and authority of the URLs, such as `https://bucket.s3.us-east-1.amazonaws.com`. */
  readonly origin: string;
  /** The Host header of the request: the authority, with its port unless that is the scheme's default. */
  readonly host: string;
}

export interface QuerySigner {
  /**
   * The presigned URL for a request to the encoded absolute `path`. `headers` has a value for every header of the
   * shape but `host`, each of which is signed, so the request must carry it; and `parameters` one for every parameter
   * that the shape leaves open. Throws a RangeError when one is missing.
   */
  presign(
    shape: RequestShape,
    path: string,
    headers: Values,
    atMs: number,
    expiresSeconds: number,
    parameters?: Values,
  ): string;
}

/** The query of a shape on one day, cut where the parts that change from call to call go. */
interface QueryTemplate {
  readonly beforeDate: string;
  readonly beforeExpires: string;
  readonly beforeSignature: string;
  /** To the first parameter that comes with the request, or to the end. */
  readonly afterSignature: string;
  /** The parameters that come with the request, each with what follows its value. */
  readonly parameters: readonly { readonly name: string; readonly after: string }[];
  readonly signedHeaders: string;
}

/**
 * A shape with `host` added to the signed headers. All names are signed as headers, `x-amz-*` too. Throws a RangeError
 * for a parameter name that is not lower-case at its start: those sort after all of the signature's, in one piece.
 */
export function createRequestShape(
  method: string,
  headerNames: readonly string[],
  query: Values,
  parameterNames: readonly string[] = [],
): RequestShape {
  const early = parameterNames.find((name) => !/^[a-z]/.test(name));
  if (early !== undefined) throw new RangeError(`a parameter that is not lower-case: ${early}`);
  return {
    method,
    headerNames: [...headerNames.map((name) => name.toLowerCase()), 'host'].sort(),
    query,
    parameterNames,
  };
}

export function createQuerySigner(scope: SigningScope): QuerySigner {
  const calendar = createSigningCalendar(scope);
  let templatesDay: SigningDay | undefined;
  // Weak: shapes that nobody uses any more take theirs with them.
  let templates = new WeakMap<RequestShape, QueryTemplate>();

  function templateFor(shape: RequestShape, day: SigningDay): QueryTemplate {
    if (templatesDay !== day) {
      templatesDay = day;
      templates = new WeakMap();
    }
    let template = templates.get(shape);
    if (template === undefined) {
      template = queryTemplate(shape, day.credential, scope.sessionToken);
      templates.set(shape, template);
    }
    return template;
  }

  return {
    presign: (shape, path, headers, atMs, expiresSeconds, parameters = {}) => {
      const now = calendar.dateAt(atMs);
      const today = calendar.dayOf(now);
      const template = templateFor(shape, today);
      const head = `${template.beforeDate}${now}${template.beforeExpires}${expiresSeconds}${template.beforeSignature}`;
      const tail = queryTail(template, parameters);
      const request = canonicalRequest({
        method: shape.method,
        path,
        query: head + tail,
        headerLines: headerLines(shape.headerNames, headers, scope.host),
        signedHeaders: template.signedHeaders,
        payloadHash: UNSIGNED_PAYLOAD,
      });
      const signature = today.signatureOf(stringToSign(now, today.scope, request));
      return `${scope.origin}${path}?${head}&${SIGNATURE_PARAMETER}=${signature}${tail}`;
    },
  };
}

function headerLines(names: readonly string[], headers: Values, host: string): string {
  let lines = '';
  for (const name of names) {
    const value = name === 'host' ? host : headers[name];
    if (value === undefined) throw new RangeError(`no value for the signed header ${name}`);
    lines += `${name}:${canonicalHeaderValue(value)}\n`;
  }
  return lines;
}

function queryTail({ afterSignature, parameters }: QueryTemplate, values: Values): string {
  let tail = afterSignature;
  for (const { name, after } of parameters) {
    const value = values[name];
    if (value === undefined) throw new RangeError(`no value for the parameter ${name}`);
    tail += uriEncode(value) + after;
  }
  return tail;
}

/** Names sort alike whether encoded or not, and Date < Expires < Signature, so these cuts are enough. */
function queryTemplate(
  shape: RequestShape,
  credential: string,
  sessionToken: string | undefined,
): QueryTemplate {
  const signedHeaders = shape.headerNames.join(';');
  const fixed: Record<string, string> = {
    ...shape.query,
    'X-Amz-Algorithm': ALGORITHM,
    'X-Amz-Credential': credential,
    'X-Amz-SignedHeaders': signedHeaders,
    ...(sessionToken === undefined ? {} : { 'X-Amz-Security-Token': sessionToken }),
  };
  const pairs = Object.entries(fixed)
    .map(([name, value]) => [uriEncode(name), uriEncode(value)] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const between = (after: string, before: string) =>
    pairs
      .filter(([name]) => name > after && name < before)
      .map(([name, value]) => `&${name}=${value}`)
      .join('');
  const open = [...shape.parameterNames].sort();
  const opening = (index: number) => (open[index] === undefined ? '' : `&${uriEncode(open[index])}=`);
  return {
    beforeDate: `${between('', 'X-Amz-Date')}&X-Amz-Date=`.slice(1),
    beforeExpires: `${between('X-Amz-Date', 'X-Amz-Expires')}&X-Amz-Expires=`,
    beforeSignature: between('X-Amz-Expires', SIGNATURE_PARAMETER),
    afterSignature: between(SIGNATURE_PARAMETER, open[0] ?? END) + opening(0),
    parameters: open.map((name, index) => ({
      name,
      after: between(name, open[index + 1] ?? END) + opening(index + 1),
    })),
    signedHeaders,
  };
}

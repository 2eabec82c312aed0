// Sends the preflights that a browser would send. Changes nothing.
import type { HttpOutcome, HttpProbe } from './http-probe.ts';
import { type CorsObservation, isGranted } from './judge-cors.ts';

/** A page that stands for any. */
const ANY_PAGE = 'https://presignd-doctor.invalid';

/** The origin that is asked for in place of a setting, which may be `*`. */
export function pageOf(origin: string): string {
  return origin === '*' ? ANY_PAGE : origin;
}

export interface CorsQuestion {
  readonly origin: string;
  /** Of an object, without a query. */
  readonly objectUrl: string;
  readonly methods: readonly string[];
  /** `x-amz-meta-*` stands for any of that prefix. */
  readonly headers: readonly string[];
  /** What a PUT from there was answered. */
  readonly put: HttpOutcome;
}

export async function probeCors(probe: HttpProbe, question: CorsQuestion): Promise<CorsObservation> {
  const { origin, objectUrl, put } = question;
  const names = question.headers.map((header) => header.replace('*', 'doctor'));
  const preflight = async (method: string, headers: string): Promise<readonly [string, HttpOutcome]> => [
    headers,
    await probe({
      method: 'OPTIONS',
      url: objectUrl,
      headers: {
        origin,
        'access-control-request-method': method,
        // Browsers send them sorted and in lower case.
        'access-control-request-headers': headers,
      },
    }),
  ];
  const all = names.join(',');
  const [together, ...perMethod] = await Promise.all([
    preflight('PUT', all),
    ...question.methods.map(
      async (method) => [method, (await preflight(method, 'content-type'))[1]] as const,
    ),
  ]);
  // S3 refuses all where one is not allowed, without saying which.
  const headers = isGranted(together[1], origin, 'PUT', all)
    ? [together]
    : await Promise.all(names.map((name) => preflight('PUT', name)));
  return { origin, methods: new Map(perMethod), headers: new Map(headers), put };
}

import type { RequestRecord } from '../telemetry/request-record.ts';
import type { Call } from './call.ts';
import type { HttpRequest, HttpResponse } from './http-handler.ts';

const ALL_DECODED: Call['undecoded'] = [];

/** What the chain is told of a request, through whichever door it came. */
export function httpCall(
  { headers }: HttpRequest,
  response: HttpResponse,
  record: RequestRecord,
  hasDeadline: boolean,
  undecoded = ALL_DECODED,
): Call {
  const idempotencyKey = headers['idempotency-key'];
  return {
    record,
    authorization: headers.authorization,
    origin: headers.origin,
    // Node joins repetitions of a header that it does not know.
    idempotencyKey: Array.isArray(idempotencyKey) ? idempotencyKey.join(', ') : idempotencyKey,
    setHeader: (name, value) => void response.setHeader(name, value),
    hasDeadline,
    undecoded,
  };
}

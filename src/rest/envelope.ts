import { envelopeFromFault } from '../fault/envelope.ts';
import type { Fault } from '../fault/fault.ts';
import { retryAfterSeconds, waitMsOf } from '../fault/retry-after.ts';
import type { HttpRequest, HttpResponse } from '../rpc/http-handler.ts';
import type { RequestRecord } from '../telemetry/request-record.ts';
import { sendJson } from './send-json.ts';

/**
 * Answers a fault on a REST path, with the headers its status calls for, and puts it on the record. `Allow` for a
 * 405 is the caller's to set, who knows the path.
 */
export function sendFault(
  request: HttpRequest,
  response: HttpResponse,
  record: RequestRecord,
  fault: Fault,
): void {
  const { status, code } = fault.spec;
  record.code = code;
  record.reason = fault.reason;
  if (fault.cause !== undefined) record.cause = fault.cause;

  const headers: [string, string][] = [];
  const waitMs = waitMsOf(fault);
  if (waitMs !== undefined) headers.push(['retry-after', String(retryAfterSeconds(waitMs))]);
  // RFC 9110 §15.5.2: a 401 names the scheme.
  if (status === 401) headers.push(['www-authenticate', 'Bearer']);
  sendJson(request, response, status, JSON.stringify(envelopeFromFault(fault, record.requestId)), headers);
}

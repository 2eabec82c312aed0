import { parseTimeout } from '@connectrpc/connect/protocol-connect';
import { Fault } from '../fault/fault.ts';
import type { Call } from '../rpc/call.ts';
import { MAX_DEADLINE_MS } from '../rpc/deadline.ts';
import { httpCall } from '../rpc/http-call.ts';
import type { HttpRequest, HttpResponse } from '../rpc/http-handler.ts';
import { HttpTransport } from '../rpc/http-transport.ts';
import type { Transport } from '../rpc/lean-request.ts';
import type { RequestRecord } from '../telemetry/request-record.ts';

/** Connect's own header, and its form: clients of both protocols have one way to say it. */
const TIMEOUT_HEADER = 'connect-timeout-ms';

/** What the chain is told of a request over REST. */
export function restCall(
  request: HttpRequest,
  response: HttpResponse,
  record: RequestRecord,
  undecoded: Call['undecoded'],
): Call {
  return httpCall(request, response, record, request.headers[TIMEOUT_HEADER] !== undefined, undecoded);
}

/** @throws Fault INVALID_REQUEST for a deadline that cannot be read. */
export function restTransport(
  request: HttpRequest,
  response: HttpResponse,
  { startedAtMs }: RequestRecord,
): Transport {
  const timeoutMs = timeoutOf(request);
  // From the arrival of the request: what its body took has been waited for, too.
  const deadlineAtMs = timeoutMs === undefined ? undefined : startedAtMs + timeoutMs;
  return new HttpTransport('rest', request, response, deadlineAtMs);
}

function timeoutOf({ headers }: HttpRequest): number | undefined {
  const value = headers[TIMEOUT_HEADER];
  if (value === undefined) return undefined;
  const { timeoutMs, error } = parseTimeout(String(value), Number.POSITIVE_INFINITY);
  if (timeoutMs === undefined || error !== undefined)
    throw new Fault('INVALID_REQUEST', {
      publicMessage: 'The Connect-Timeout-Ms header must be a number of milliseconds of at most 10 digits',
    });
  return Math.min(timeoutMs, MAX_DEADLINE_MS);
}

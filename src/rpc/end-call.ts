import { Code, ConnectError } from '@connectrpc/connect';
import type { Fault } from '../fault/fault.ts';
import type { RequestRecord } from '../telemetry/request-record.ts';
import type { HttpRequest, HttpResponse } from './http-handler.ts';
import { sendProtocolError } from './protocol-error.ts';
import { connectErrorFromFault } from './translate.ts';

/** Answers a fault that ends a call before the chain runs, and puts it on the record. */
export function refuse(
  request: HttpRequest,
  response: HttpResponse,
  record: RequestRecord,
  fault: Fault,
): void {
  sendProtocolError(request, response, refusalFrom(fault, record));
}

/** The fault that ends a call before the chain runs as an error to be sent, put on the record. */
export function refusalFrom(fault: Fault, record: RequestRecord): ConnectError {
  record.code = fault.spec.code;
  record.reason = fault.reason;
  if (fault.cause !== undefined) record.cause = fault.cause;
  return connectErrorFromFault(fault, record.requestId);
}

/** Ends a response that could not be written to its end: the caller left, or what writes it broke. */
export function giveUp(response: HttpResponse, record: RequestRecord, error: unknown): void {
  const { code } = ConnectError.from(error);
  const callerLeft = code === Code.Aborted || code === Code.Canceled;
  record.code = callerLeft ? 'canceled' : 'internal';
  if (!callerLeft) record.cause = error;
  if (response.headersSent) return void response.destroy();
  response.statusCode = 500;
  response.end();
}

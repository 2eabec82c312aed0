import { STATUS_CODES } from 'node:http';
import { describe, expect, it } from 'vitest';
import { envelopeFromFault } from '../../../src/fault/envelope.ts';
import { Fault } from '../../../src/fault/fault.ts';
import { REASONS, type Reason } from '../../../src/fault/reasons.ts';

describe('the error envelope is, byte for byte,', () => {
  it.each<[Fault, string]>([
    [
      new Fault('INVALID_REQUEST', { fields: [{ field: 'size', message: 'is required' }] }),
      '{"error":"Bad Request","message":"The request contains invalid parameters or malformed data","code":400,"details":[{"field":"size","message":"is required"}]}',
    ],
    [
      new Fault('INVALID_HOST'),
      '{"error":"Bad Request","message":"The Host header is missing or malformed","code":400}',
    ],
    [
      new Fault('KEY_REVOKED'),
      '{"error":"Unauthorized","message":"Authentication required. Please provide a valid API token","code":401}',
    ],
    [
      new Fault('SCOPE_MISSING'),
      '{"error":"Forbidden","message":"The API key does not have the scope that this call needs","code":403}',
    ],
    [
      new Fault('ROUTE_NOT_FOUND'),
      '{"error":"Not Found","message":"There is nothing at this path","code":404}',
    ],
    [
      new Fault('METHOD_NOT_ALLOWED'),
      '{"error":"Method Not Allowed","message":"This path does not support the request method","code":405}',
    ],
    [
      new Fault('BODY_TOO_LARGE'),
      '{"error":"Payload Too Large","message":"The request body is too large","code":413}',
    ],
    [
      new Fault('UNSUPPORTED_MEDIA_TYPE'),
      '{"error":"Unsupported Media Type","message":"The request body must be uncompressed application/json in UTF-8","code":415}',
    ],
    [
      new Fault('RATE_LIMITED'),
      '{"error":"Too Many Requests","message":"Too many requests. Please retry later","code":429}',
    ],
    [
      new Fault('INTERNAL', { cause: new Error('secret') }),
      '{"error":"Internal Server Error","message":"An unexpected error occurred on the server","code":500,"requestId":"req_1"}',
    ],
    [
      new Fault('STORE_UNAVAILABLE'),
      '{"error":"Service Unavailable","message":"The store of API keys cannot be reached right now. Please retry","code":503,"requestId":"req_1"}',
    ],
    [
      new Fault('DEADLINE_EXCEEDED'),
      '{"error":"Gateway Timeout","message":"The call did not finish within its deadline","code":504,"requestId":"req_1"}',
    ],
  ])('%s', (fault, expected) => {
    expect(JSON.stringify(envelopeFromFault(fault, 'req_1'))).toBe(expected);
  });
});

it('has the reason phrase that HTTP has for every status', () => {
  for (const reason of Object.keys(REASONS) as Reason[]) {
    const { error, code } = envelopeFromFault(new Fault(reason), 'req_1');
    expect(error, reason).toBe(STATUS_CODES[code]);
  }
});

import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { MAX_DEADLINE_MS } from '../../../src/rpc/deadline.ts';
import type { HttpRequest } from '../../../src/rpc/http-handler.ts';
import { leanHeadOf } from '../../../src/rpc/lean-head.ts';

const READ_MAX_BYTES = 100;

function head(type: string, headers: Record<string, string> = {}, method = 'POST') {
  const request: HttpRequest = new IncomingMessage(new Socket());
  request.method = method;
  request.headers = { 'content-type': type, ...headers };
  const found = leanHeadOf(request, READ_MAX_BYTES);
  return found && [found.wire.protocol, found.wire.isBinary, found.timeoutMs];
}

describe('the lean path takes', () => {
  it.each([
    ['application/json', 'connect', false],
    ['application/json; charset=utf-8', 'connect', false],
    ['application/proto', 'connect', true],
    ['application/grpc-web', 'grpc-web', true],
    ['application/grpc-web+proto', 'grpc-web', true],
    ['application/grpc-web+json', 'grpc-web', false],
  ])('%s', (type, protocol, isBinary) => {
    expect(head(type)).toEqual([protocol, isBinary, undefined]);
  });

  it('what says that it is not compressed, and what says how the answer may be', () => {
    const accepts = { 'accept-encoding': 'br', 'grpc-accept-encoding': 'gzip' };
    expect(head('application/json', { 'content-encoding': 'identity', ...accepts })).toBeDefined();
    expect(head('application/grpc-web', { 'grpc-encoding': 'identity', ...accepts })).toBeDefined();
  });

  it('deadlines, of a day at most', () => {
    expect(head('application/json', { 'connect-timeout-ms': '250' })).toEqual(['connect', false, 250]);
    expect(head('application/proto', { 'connect-timeout-ms': '9999999999' })?.[2]).toBe(MAX_DEADLINE_MS);
    expect(head('application/grpc-web', { 'grpc-timeout': '2S' })?.[2]).toBe(2_000);
    expect(head('application/grpc-web', { 'grpc-timeout': '99999999H' })?.[2]).toBe(MAX_DEADLINE_MS);
  });
});

describe('the lean path leaves to connect', () => {
  it.each([
    ['other methods', 'application/json', {}, 'GET'],
    ['types that are written unlike most', 'application/JSON', {}],
    ['types that nobody serves', 'text/plain', {}],
    ['streams', 'application/connect+proto', {}],
    ['text of gRPC-Web', 'application/grpc-web-text', {}],
    ['gRPC over HTTP/1.1', 'application/grpc', {}],
    ['compressed requests', 'application/json', { 'content-encoding': 'gzip' }],
    ['compressed messages', 'application/grpc-web', { 'grpc-encoding': 'gzip' }],
    ['a deadline that cannot be read', 'application/json', { 'connect-timeout-ms': 'soon' }],
    ['a gRPC deadline that cannot be read', 'application/grpc-web', { 'grpc-timeout': '10' }],
    ['what announces itself as too large', 'application/json', { 'content-length': '101' }],
  ])('%s', (_what, type, headers, method = 'POST') => {
    expect(head(type, headers, method)).toBeUndefined();
  });
});

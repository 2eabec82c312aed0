import type { Http2Request, HttpRequest } from '../rpc/http-handler.ts';

/**
 * Whether everybody on the way ends this request where we do. Node takes any coding in front of `chunked`, and chunks in
 * HTTP/1.0, where RFC 9112 §6.1 calls the framing faulty: a proxy that reads them otherwise would pass on as the body of
 * one request what we take for the next one. HTTP/2 has frames of its own.
 */
export function hasSoundFraming(request: HttpRequest): boolean {
  if (isHttp2(request)) return true;
  const { httpVersion, headers } = request;
  const coding = headers['transfer-encoding'];
  if (httpVersion === '1.1') return coding === undefined || coding.toLowerCase() === 'chunked';
  return httpVersion === '1.0' && coding === undefined;
}

/** By its connection, for `POST / HTTP/2.0` can also stand in a request line. */
export function isHttp2(request: HttpRequest): request is Http2Request {
  return 'stream' in request;
}

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import type { RequestRecord } from '../telemetry/request-record.ts';

export type HttpRequest = IncomingMessage | Http2ServerRequest;
export type HttpResponse = ServerResponse | Http2ServerResponse;

/** Answers one request completely. It never throws and never rejects: failures become answers. */
export type HttpHandler = (request: HttpRequest, response: HttpResponse, record: RequestRecord) => void;

/** A door of the house: the handler for a path (without its query), or undefined when the path is not its own. */
export interface Door {
  match(path: string): HttpHandler | undefined;
}

import type { JsonReadOptions, JsonWriteOptions } from '@bufbuild/protobuf';
import type { HttpRequest, HttpResponse } from './http-handler.ts';
import type { HttpTransport } from './http-transport.ts';
import type { Wire } from './lean-head.ts';

export type JsonOptions = Partial<JsonReadOptions & JsonWriteOptions>;

/** A call on the lean path, as far as its answer has to know. */
export interface LeanExchange {
  readonly wire: Wire;
  readonly request: HttpRequest;
  readonly response: HttpResponse;
  readonly transport: HttpTransport;
  readonly jsonOptions: JsonOptions;
}

import { create, type DescMessage, type MessageShape } from '@bufbuild/protobuf';
import { anyPack } from '@bufbuild/protobuf/wkt';
import type { HandlerContext } from '@connectrpc/connect';
import {
  ConformancePayload_ConnectGetInfoSchema as ConnectGetInfoSchema,
  type Header,
  HeaderSchema,
  type ConformancePayload_RequestInfo as RequestInfo,
  ConformancePayload_RequestInfoSchema as RequestInfoSchema,
} from './gen/connectrpc/conformance/v1/service_pb.js';

/**
 * What the runner wants to hear of a call: its messages, and how they came. Of the call's deadline it is told what was
 * left when the call came, for which a call that reads a stream has to ask before.
 */
export function requestInfoOf<Desc extends DescMessage>(
  schema: Desc,
  requests: readonly MessageShape<Desc>[],
  context: HandlerContext,
  timeoutMs = context.timeoutMs(),
): RequestInfo {
  const info = requestsOf(schema, requests);
  if (timeoutMs !== undefined) info.timeoutMs = BigInt(Math.ceil(timeoutMs));
  info.requestHeaders = [...context.requestHeader].map(([name, value]) => header(name, value.split(', ')));
  if (context.requestMethod === 'GET') {
    const parameters = [...new URL(context.url).searchParams];
    info.connectGetInfo = create(ConnectGetInfoSchema, {
      queryParams: parameters.map(([name, value]) => header(name, [value])),
    });
  }
  return info;
}

function header(name: string, value: string[]): Header {
  return create(HeaderSchema, { name, value });
}

/** Of a call of which the runner knows the rest already. */
export function requestsOf<Desc extends DescMessage>(
  schema: Desc,
  requests: readonly MessageShape<Desc>[],
): RequestInfo {
  return create(RequestInfoSchema, { requests: requests.map((request) => anyPack(schema, request)) });
}

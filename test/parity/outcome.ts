import { type DescMessage, fromBinary, fromJson, type JsonValue, type Message } from '@bufbuild/protobuf';
import { anyUnpack } from '@bufbuild/protobuf/wkt';
import type { ConnectError } from '@connectrpc/connect';
import { codeToString } from '@connectrpc/connect/protocol-connect';
import type { ServiceError } from '@grpc/grpc-js';
import {
  BadRequestSchema,
  ErrorInfoSchema,
  RequestInfoSchema,
  type RetryInfo,
  RetryInfoSchema,
} from '../../gen/google/rpc/error_details_pb.js';
import { StatusSchema } from '../../gen/google/rpc/status_pb.js';

/** By lower-case name; trailers count among them. */
export type AnswerHeaders = Readonly<Record<string, string>>;

/** How a call ended, stripped of how its protocol writes it. */
export interface Outcome {
  /** What the caller got; undefined for a refusal. */
  readonly answer: Message | undefined;
  /** What the caller was told instead of an answer. */
  readonly message: string;
  readonly fields: readonly { field: string; message: string }[];
  /** The server's id of the request, where the answer's body or details hold it. */
  readonly requestId: string | undefined;
  readonly headers: AnswerHeaders;
  /** What only REST says. */
  readonly rest: { readonly status: number; readonly json: JsonValue } | undefined;
  /** What REST has no place for. */
  readonly rpc:
    | {
        readonly code: string;
        readonly reason: string | undefined;
        readonly retryDelayMs: number | undefined;
      }
    | undefined;
}

export function outcomeFromRest(
  output: DescMessage,
  status: number,
  headers: AnswerHeaders,
  body: string,
): Outcome {
  const json = JSON.parse(body);
  const isAnswer = status === 200;
  return {
    answer: isAnswer ? fromJson(output, json) : undefined,
    message: isAnswer ? '' : json.message,
    fields: isAnswer ? [] : (json.details ?? []),
    requestId: isAnswer ? undefined : json.requestId,
    headers,
    rest: { status, json },
    rpc: undefined,
  };
}

export function outcomeFromAnswer(answer: Message, headers: AnswerHeaders): Outcome {
  return {
    answer,
    message: '',
    fields: [],
    requestId: undefined,
    headers,
    rest: undefined,
    rpc: { code: 'ok', reason: undefined, retryDelayMs: undefined },
  };
}

interface Details {
  readonly badRequest: { fieldViolations: { field: string; description: string }[] } | undefined;
  readonly errorInfo: { reason: string; domain: string } | undefined;
  readonly retryInfo: Pick<RetryInfo, 'retryDelay'> | undefined;
  readonly requestInfo: { requestId: string } | undefined;
}

function outcomeFromDetails(
  code: string,
  message: string,
  headers: AnswerHeaders,
  { badRequest, errorInfo, retryInfo, requestInfo }: Details,
): Outcome {
  const delay = retryInfo?.retryDelay;
  return {
    answer: undefined,
    message,
    fields: (badRequest?.fieldViolations ?? []).map(({ field, description }) => ({
      field,
      message: description,
    })),
    requestId: requestInfo?.requestId,
    headers,
    rest: undefined,
    rpc: {
      code,
      reason: errorInfo && `${errorInfo.domain}/${errorInfo.reason}`,
      retryDelayMs: delay && Number(delay.seconds) * 1000 + delay.nanos / 1e6,
    },
  };
}

export function outcomeFromConnectError(error: ConnectError): Outcome {
  const [badRequest] = error.findDetails(BadRequestSchema);
  const [errorInfo] = error.findDetails(ErrorInfoSchema);
  const [retryInfo] = error.findDetails(RetryInfoSchema);
  const [requestInfo] = error.findDetails(RequestInfoSchema);
  const headers = Object.fromEntries(error.metadata);
  const details = { badRequest, errorInfo, retryInfo, requestInfo };
  return outcomeFromDetails(codeToString(error.code), error.rawMessage, headers, details);
}

/** grpc-js leaves the details to its user: a serialized google.rpc.Status in the trailers. */
export function outcomeFromGrpcJsError(error: ServiceError, headers: AnswerHeaders): Outcome {
  const [bytes] = error.metadata.get('grpc-status-details-bin');
  const { details } = fromBinary(StatusSchema, bytes instanceof Buffer ? bytes : new Uint8Array());
  const unpack = <T>(find: (any: (typeof details)[number]) => T | undefined) =>
    details.map(find).find((detail) => detail !== undefined);
  // It decodes what decodeURI does, and Connect writes what encodeURIComponent does.
  const message = error.details.replace(/%(?:3B|2F|3F|3A|40|26|3D|2B|24|2C|23)/g, decodeURIComponent);
  return outcomeFromDetails(codeToString(Number(error.code)), message, headers, {
    badRequest: unpack((any) => anyUnpack(any, BadRequestSchema)),
    errorInfo: unpack((any) => anyUnpack(any, ErrorInfoSchema)),
    retryInfo: unpack((any) => anyUnpack(any, RetryInfoSchema)),
    requestInfo: unpack((any) => anyUnpack(any, RequestInfoSchema)),
  });
}

import { fromBinary, toJson } from '@bufbuild/protobuf';
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
import {
  type CreateS3UploadResponse,
  CreateS3UploadResponseSchema,
} from '../../gen/upload/v1/upload_service_pb.js';

/** How a call ended, stripped of how its protocol writes it. */
export interface Outcome {
  readonly code: string;
  readonly fields: readonly { field: string; message: string }[];
  /** In seconds, from the header or the metadata `retry-after`. */
  readonly retryAfter: string | undefined;
  /** The server's id of the request, where the answer's body or details hold it. */
  readonly requestId: string | undefined;
  readonly upload: unknown;
  /** What REST has no place for. */
  readonly rpc: { readonly reason: string; readonly retryDelayMs: number | undefined } | undefined;
}

const REST_CODES: Readonly<Record<number, string>> = {
  200: 'ok',
  400: 'invalid_argument',
  401: 'unauthenticated',
  403: 'permission_denied',
  429: 'resource_exhausted',
  500: 'internal',
  503: 'unavailable',
};

export function outcomeFromRest(status: number, retryAfter: string | undefined, body: string): Outcome {
  const json = JSON.parse(body);
  return {
    code: REST_CODES[status] ?? `HTTP ${status}`,
    fields: json.details ?? [],
    retryAfter,
    requestId: json.requestId,
    upload: status === 200 ? json : undefined,
    rpc: undefined,
  };
}

export function outcomeFromResponse(response: CreateS3UploadResponse): Outcome {
  return {
    code: 'ok',
    fields: [],
    retryAfter: undefined,
    requestId: undefined,
    upload: toJson(CreateS3UploadResponseSchema, response, { alwaysEmitImplicit: true }),
    rpc: undefined,
  };
}

interface Details {
  readonly badRequest: { fieldViolations: { field: string; description: string }[] } | undefined;
  readonly errorInfo: { reason: string; domain: string } | undefined;
  readonly retryInfo: Pick<RetryInfo, 'retryDelay'> | undefined;
  readonly requestInfo: { requestId: string } | undefined;
}

function outcomeFromDetails(code: string, retryAfter: string | undefined, details: Details): Outcome {
  const delay = details.retryInfo?.retryDelay;
  return {
    code,
    fields: (details.badRequest?.fieldViolations ?? []).map(({ field, description }) => ({
      field,
      message: description,
    })),
    retryAfter,
    requestId: details.requestInfo?.requestId,
    upload: undefined,
    rpc: {
      reason: `${details.errorInfo?.domain}/${details.errorInfo?.reason}`,
      retryDelayMs: delay && Number(delay.seconds) * 1000 + delay.nanos / 1e6,
    },
  };
}

export function outcomeFromConnectError(error: ConnectError): Outcome {
  const [badRequest] = error.findDetails(BadRequestSchema);
  const [errorInfo] = error.findDetails(ErrorInfoSchema);
  const [retryInfo] = error.findDetails(RetryInfoSchema);
  const [requestInfo] = error.findDetails(RequestInfoSchema);
  const retryAfter = error.metadata.get('retry-after') ?? undefined;
  return outcomeFromDetails(codeToString(error.code), retryAfter, {
    badRequest,
    errorInfo,
    retryInfo,
    requestInfo,
  });
}

/** grpc-js leaves the details to its user: a serialized google.rpc.Status in the trailers. */
export function outcomeFromGrpcJsError(error: ServiceError): Outcome {
  const [bytes] = error.metadata.get('grpc-status-details-bin');
  const { details } = fromBinary(StatusSchema, bytes instanceof Buffer ? bytes : new Uint8Array());
  const unpack = <T>(find: (any: (typeof details)[number]) => T | undefined) =>
    details.map(find).find((detail) => detail !== undefined);
  const [retryAfter] = error.metadata.get('retry-after');
  return outcomeFromDetails(codeToString(Number(error.code)), retryAfter?.toString(), {
    badRequest: unpack((any) => anyUnpack(any, BadRequestSchema)),
    errorInfo: unpack((any) => anyUnpack(any, ErrorInfoSchema)),
    retryInfo: unpack((any) => anyUnpack(any, RetryInfoSchema)),
    requestInfo: unpack((any) => anyUnpack(any, RequestInfoSchema)),
  });
}

import { createAsyncIterable, type UniversalServerResponse } from '@connectrpc/connect/protocol';
import { codeToString } from '@connectrpc/connect/protocol-connect';

/** How stock handlers complain of bytes that are no message. They call that internal, as if it were a defect of theirs. */
const COMPLAINT = /parse(?: |%20)binary(?::|%3A)/;

/** What stock handlers answer over Connect, by HTTP status. */
const CODES_BY_STATUS: Readonly<Record<number, string>> = {
  400: 'invalid_argument',
  405: 'unimplemented',
  415: 'invalid_argument',
  429: 'resource_exhausted',
  500: 'internal',
  501: 'unimplemented',
  505: 'unimplemented',
};

/** An answer that a stock handler gave before the chain ran. */
export interface EarlyAnswer {
  readonly code: string;
  /** Why: the request is no protobuf message of the method's type. */
  readonly isUndecodable: boolean;
  /** The same answer, whose body can still be sent. */
  readonly answer: UniversalServerResponse;
}

/** The outcome of a call that the chain never saw, once its answer is over; `unknown` where only the body tells. */
export function codeOfAnswer({ status, trailer }: UniversalServerResponse): string {
  const grpcStatus = trailer?.get('grpc-status');
  return grpcStatus ? codeToString(Number(grpcStatus)) : (CODES_BY_STATUS[status] ?? 'unknown');
}

/** Only for answers of unary calls that never got to the chain: they are short, and whole. */
export async function readEarlyAnswer(answer: UniversalServerResponse): Promise<EarlyAnswer> {
  const { body: sent, ...bodiless } = answer;
  const body = await bytesOf(sent);
  // gRPC-Web's trailers are the body, Connect's error is one.
  const text = `${answer.trailer?.get('grpc-message') ?? ''}\n${body}`;
  const grpcStatus = answer.trailer?.get('grpc-status') ?? /^grpc-status: ?(\d+)/im.exec(text)?.[1];
  const code = grpcStatus ? codeToString(Number(grpcStatus)) : (CODES_BY_STATUS[answer.status] ?? 'unknown');
  return {
    code,
    isUndecodable: code === 'internal' && COMPLAINT.test(text),
    // Over HTTP/2 not even an empty chunk can be written to the answer of a HEAD.
    answer: body.length === 0 ? bodiless : { ...answer, body: createAsyncIterable([body]) },
  };
}

async function bytesOf(body: UniversalServerResponse['body']): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body ?? []) chunks.push(chunk);
  return Buffer.concat(chunks);
}

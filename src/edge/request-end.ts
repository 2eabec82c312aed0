import type { HttpRequest, HttpResponse } from '../rpc/http-handler.ts';
import type { RequestEnd, RequestRecord } from '../telemetry/request-record.ts';
import { MAX_TARGET_LENGTH, pathOf } from './request-target.ts';

/** nginx's status for a request whose client went away before its answer had gone out. */
const CLIENT_CLOSED_REQUEST = 499;

/** What HTTP knows of a request that is over. Notes in the record when its client went away before. */
export function requestEndFrom(
  request: HttpRequest,
  response: HttpResponse,
  record: RequestRecord,
  nowMs: number,
): RequestEnd {
  const complete = isComplete(response);
  if (!complete && record.code === 'ok') record.code = 'canceled';
  const announced = request.headers['content-length'];
  return {
    method: request.method ?? '',
    path: pathOf(request.url ?? '').slice(0, MAX_TARGET_LENGTH),
    // An unfinished answer with a cause was given up by this side.
    status: complete ? response.statusCode : record.cause === undefined ? CLIENT_CLOSED_REQUEST : 500,
    durationMs: nowMs - record.startedAtMs,
    ...(announced === undefined ? {} : { requestBytes: Number(announced) }),
    httpVersion: request.httpVersion,
  };
}

/** Whether the whole answer has gone out. Node calls an aborted HTTP/2 stream finished, too. */
function isComplete(response: HttpResponse): boolean {
  return response.writableFinished && !('stream' in response && response.stream.aborted);
}

import { Code, ConnectError } from '@connectrpc/connect';
import type { HttpHandler } from './http-handler.ts';
import { protocolOf, sendProtocolError } from './protocol-error.ts';
import { forgoBody } from './unread-body.ts';

/** `/package.Service/Method`. A service without a package cannot be told from an ordinary path. */
const RPC_PATH = /^\/[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+\/[A-Za-z_]\w*$/;

export function looksLikeRpc(path: string): boolean {
  return RPC_PATH.test(path);
}

/** Answers `unimplemented` in the caller's protocol; over Connect with HTTP 404, as its specification has it. */
export const unknownRpc: HttpHandler = (request, response, record) => {
  record.protocol = protocolOf(request);
  record.code = 'unimplemented';
  forgoBody(request, response);
  sendProtocolError(request, response, new ConnectError('There is no such RPC', Code.Unimplemented), 404);
};

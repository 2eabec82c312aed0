import type { HttpRequest } from '../rpc/http-handler.ts';

/** Whether the request came over TLS. */
export function isSecured({ socket }: HttpRequest): boolean {
  return 'encrypted' in socket && socket.encrypted === true;
}

import type { Door } from '../rpc/http-handler.ts';

const PREFIX = '/as/';

export interface TokenPathDoorDeps {
  /** The door behind. */
  readonly door: Door;
  /** Source of a regular expression that finds upload tokens in text. */
  readonly tokenPattern: string;
}

/**
 * The same paths below `/as/TOKEN`, for clients that can be given a base URL and no header: the upload token in the path
 * takes the place of any `Authorization`. API keys are not taken there, as paths end up in the logs of proxies. From
 * here on the request is one like any other, so that no log of ours sees the token.
 */
export function createTokenPathDoor({ door, tokenPattern }: TokenPathDoorDeps): Door {
  const pattern = new RegExp(`^${PREFIX}(${tokenPattern})(/.+)$`);
  return {
    match: (path) => {
      if (!path.startsWith(PREFIX)) return undefined;
      const [, token = '', rest = ''] = pattern.exec(path) ?? [];
      const handler = rest === '' ? undefined : door.match(rest);
      if (handler === undefined) return undefined;
      return (request, response, record) => {
        request.url = (request.url ?? '').slice(PREFIX.length + token.length);
        request.headers.authorization = `Bearer ${token}`;
        handler(request, response, record);
      };
    },
  };
}

import { describe, expect, it } from 'vitest';
import { UPLOAD_TOKEN_PATTERN } from '../../../src/keys/upload-token.ts';
import { createTokenPathDoor } from '../../../src/rest/token-path-door.ts';
import type { Door, HttpRequest, HttpResponse } from '../../../src/rpc/http-handler.ts';
import { createRecord } from '../../support/test-doors.ts';

const TOKEN = `pse_upl_1${'aZ_-9'.repeat(60)}`;

/** What the door behind is asked for, and what it then sees of the request. */
function open() {
  const seen: unknown[] = [];
  const door: Door = {
    match: (path) =>
      path.startsWith('/v1/')
        ? ({ url, headers }) => void seen.push([path, url, headers.authorization])
        : undefined,
  };
  const { match } = createTokenPathDoor({ door, tokenPattern: UPLOAD_TOKEN_PATTERN });
  const send = (url: string, headers: Record<string, string> = {}) => {
    const handler = match(url.replace(/\?.*/, ''));
    handler?.({ url, headers } as unknown as HttpRequest, {} as HttpResponse, createRecord());
    return handler !== undefined;
  };
  return { send, seen };
}

describe('a path that begins with an upload token', () => {
  it('leads to the same path without it, as the token’s call', () => {
    const { send, seen } = open();
    expect(send(`/as/${TOKEN}/v1/uploads/x:complete?a=/as/b`)).toBe(true);
    expect(seen).toEqual([['/v1/uploads/x:complete', '/v1/uploads/x:complete?a=/as/b', `Bearer ${TOKEN}`]]);
  });

  it('counts for more than a header', () => {
    const { send, seen } = open();
    send(`/as/${TOKEN}/v1/uploads`, { authorization: 'Bearer other' });
    expect(seen).toEqual([['/v1/uploads', '/v1/uploads', `Bearer ${TOKEN}`]]);
  });

  it.each([
    `/as/pse_live_1${'a'.repeat(49)}/v1/uploads`,
    `/as/${TOKEN}`,
    `/as/${TOKEN}/`,
    `/as/${TOKEN}/health`,
    `/as//v1/uploads`,
    `/as/${TOKEN}%20/v1/uploads`,
    `/v1/uploads`,
    `/x/as/${TOKEN}/v1/uploads`,
  ])('is nobody’s path where it is %s', (path) => {
    const { send, seen } = open();
    expect([send(path), seen]).toEqual([false, []]);
  });
});

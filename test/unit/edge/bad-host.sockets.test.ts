import { describe, expect, it } from 'vitest';
import { http2Opening } from '../../support/http2-frames.ts';
import { exchange, openRawConnection } from '../../support/raw-connection.ts';
import { doorAt, echo, edgePerTest, heldDoor, openHttp2, sendHttp1, sendHttp2 } from './support.ts';

const start = edgePerTest();

/** connect-node builds a URL from the host outside any try: one such request would end the process. */
describe('a bad host', () => {
  it.each([
    ['Host: [', 'GET /x HTTP/1.1\r\nHost: [\r\n\r\n'],
    ['Host: a b', 'GET /x HTTP/1.1\r\nHost: a b\r\n\r\n'],
    ['an empty Host', 'GET /x HTTP/1.1\r\nHost:\r\n\r\n'],
    ['Host: a:99999', 'GET /x HTTP/1.1\r\nHost: a:99999\r\n\r\n'],
    ['userinfo', 'GET /x HTTP/1.1\r\nHost: user@a\r\n\r\n'],
    ['HTTP/1.0 without Host', 'GET /x HTTP/1.0\r\n\r\n'],
    ['HTTP/1.1 without Host', 'GET /x HTTP/1.1\r\n\r\n'],
    ['two Hosts', 'GET /x HTTP/1.1\r\nHost: a\r\nhOST: a\r\n\r\n'],
    ['an absolute target', 'GET http://[/x HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['an absolute target without host', 'GET http:///x HTTP/1.1\r\nHost: a\r\n\r\n'],
  ])('gets 400 and never reaches a door: %s', async (_name, request) => {
    const { calls, handler } = heldDoor();
    const edge = await start({ doors: [doorAt({ '/x': handler, '/livez': echo })] });
    const answer = await exchange(edge.port, request);
    expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
    expect(answer).toMatch(/\r\nx-request-id: req_[0-9a-f]{24}\r\n/i);
    expect(answer).toMatch(/\r\nconnection: close\r\n/i);
    expect(answer).toContain('INVALID_HOST');
    expect(calls).toEqual([]);
    expect((await sendHttp1(edge.port, { path: '/livez' })).status).toBe(200);
  });

  it.each([
    [':authority: [', { authority: '[' }],
    [':authority: a:99999', { authority: 'a:99999' }],
    ['no :authority', {}],
    ['a Host that differs from :authority', { authority: 'a', headers: { host: 'b' } }],
    ['a bad Host alone', { headers: { host: '[' } }],
  ])('gets 400 over HTTP/2 and never reaches a door: %s', async (_name, parts) => {
    const { calls, handler } = heldDoor();
    const edge = await start({ doors: [doorAt({ '/x': handler, '/livez': echo })] });
    const connection = await openRawConnection(edge.port);
    connection.send(http2Opening({ path: '/x', ...parts }));
    const refused = connection.until('INVALID_HOST').catch((error: Error) => error.message);
    // What nghttp2 itself takes for malformed it resets; the rest is ours.
    await Promise.race([refused, connection.until('\0\0\x04\x03\0').catch(() => {})]);
    expect(calls).toEqual([]);
    connection.socket.destroy();
    expect((await sendHttp1(edge.port, { path: '/livez' })).status).toBe(200);
  });

  it('gets 400 with an envelope for `:authority: [`', async () => {
    const edge = await start();
    const session = openHttp2(edge.port);
    const answer = await sendHttp2(session, { path: '/x', headers: { ':authority': '[' } });
    expect([answer.status, answer.body]).toEqual([400, expect.stringContaining('INVALID_HOST')]);
    expect((await sendHttp2(session, { path: '/x' })).status).toBe(200);
    session.close();
  });
});

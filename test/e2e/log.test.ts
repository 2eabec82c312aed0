import { connect } from 'node:http2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createHttpClient, sendHttp1, sendHttp2 } from '../support/http-requests.ts';
import type { LogLine } from '../support/program.ts';
import { UNREACHABLE_S3 } from '../support/sandbox.ts';
import { openService, type Service } from '../support/service.ts';
import { getUpload, UPLOAD_PATH, uploadCall } from '../support/upload-calls.ts';

describe('the log', () => {
  let service: Service;
  beforeAll(async () => {
    service = await openService(UNREACHABLE_S3);
  });
  afterAll(() => service[Symbol.asyncDispose]());

  async function linesOf(id: string): Promise<LogLine[]> {
    await service.program.untilPrinted(`"${id}"`);
    return service.program.log().filter(({ requestId }) => requestId === id);
  }

  it('has one line for a call over REST', async () => {
    const call = uploadCall(service.token);
    const headers = { ...call.headers, 'x-request-id': 'by-rest' };
    await sendHttp1(`${service.url}${UPLOAD_PATH}?verbose=1`, { ...call, headers });
    expect(await linesOf('by-rest')).toEqual([
      {
        level: 'info',
        time: expect.stringMatching(/^\d{4}-.*Z$/),
        service: 'presignd',
        version: expect.any(String),
        msg: 'request',
        requestId: 'by-rest',
        method: 'POST',
        path: UPLOAD_PATH,
        status: 200,
        durationMs: expect.any(Number),
        requestBytes: Buffer.byteLength(call.body),
        httpVersion: '1.1',
        protocol: 'rest',
        route: 'upload.v1.UploadService/CreateS3Upload',
        code: 'ok',
        keyId: expect.stringMatching(/^key_/),
        owner: 'default',
        remoteAddress: '127.0.0.1',
      },
    ]);
  });

  it('has one line for a call over Connect and HTTP/2', async () => {
    const session = connect(service.url);
    const call = uploadCall(service.token);
    const headers = { ...call.headers, 'x-request-id': 'by-rpc', 'connect-protocol-version': '1' };
    await sendHttp2(session, '/upload.v1.UploadService/CreateS3Upload', { ...call, headers });
    session.close();
    expect(await linesOf('by-rpc')).toMatchObject([
      { protocol: 'connect', httpVersion: '2.0', status: 200, code: 'ok', keyId: expect.any(String) },
    ]);
  });

  it('is silent about health checks that find nothing', async () => {
    for (const path of ['/livez', '/readyz', '/health', '/metrics'])
      await sendHttp1(service.url + path, { headers: { 'x-request-id': 'a-probe' } });
    await sendHttp1(`${service.url}/nowhere`, { headers: { 'x-request-id': 'the-last' } });
    expect(await linesOf('the-last')).toHaveLength(1);
    expect(service.program.log().filter(({ requestId }) => requestId === 'a-probe')).toEqual([]);
  });

  /** Security property: neither the log nor the metrics repeat what a careless client puts in the wrong place. */
  it('holds no key, no upload token and no signed URL, wherever they were sent', async () => {
    await using careless = await openService({ ...UNREACHABLE_S3, PRESIGND_LOG_LEVEL: 'debug' });
    const { token, url } = careless;
    const { uploadUrl } = await getUpload(url, token);
    const tokenCall = { ...uploadCall(token), body: '{"maxFiles":9}' };
    const uploadToken: string = JSON.parse(
      (await sendHttp1(`${url}/v1/upload-tokens`, tokenCall)).body,
    ).token;
    expect(uploadToken).toMatch(/^pse_upl_1/);
    const { pathname, search } = new URL(uploadUrl);
    for (const version of ['HTTP/1.1', 'HTTP/2'] as const) {
      const { send } = createHttpClient(version, url);
      const call = uploadCall(token);
      await send(`/${token}`);
      await send(`${UPLOAD_PATH}?key=${token}`, call);
      await send(`${UPLOAD_PATH}${search}`, call);
      await send(pathname + search, { method: 'PUT', body: 'x' });
      await send(`${pathname}&${search.slice(1)}`);
      await send('/', { headers: { 'x-request-id': token } });
      await send('/', { headers: { 'user-agent': token, referer: uploadUrl } });
      await send(UPLOAD_PATH, { ...call, headers: { ...call.headers, authorization: `Basic ${token}` } });
      await send(UPLOAD_PATH, { ...call, body: JSON.stringify({ filename: token, contentType: uploadUrl }) });
      await send(UPLOAD_PATH, { ...call, body: token });
      await send(`/upload.v1.UploadService/${token}`, call);
      await send(`/as/${uploadToken}${UPLOAD_PATH}`, {
        ...call,
        headers: { 'content-type': 'application/json' },
      });
      await send(`/as/${uploadToken}/nowhere?again=${uploadToken}`, call);
      await send(`/as/${uploadToken.slice(0, -1)}${UPLOAD_PATH}`, call);
      await send(`/v1/uploads/${uploadToken}`, call);
      await send('/', { headers: { 'x-request-id': uploadToken, referer: `${url}/as/${uploadToken}/` } });
    }
    // Looks for them in everything that was printed, and in the metrics.
    expect(await careless.program.stop()).toBe(0);
    expect(careless.program.log().length).toBeGreaterThan(20);
  });
});

// Series of metrics are memory, here and in whatever scrapes them. Nobody who calls can make more of them.
import { randomBytes } from 'node:crypto';
import { connect } from 'node:http2';
import { expect, it } from 'vitest';
import { closingAgent, type Sent, sendHttp1, sendHttp2 } from '../support/http-requests.ts';
import { UNREACHABLE_S3 } from '../support/sandbox.ts';
import { openService } from '../support/service.ts';
import { UPLOAD_PATH, uploadCall } from '../support/upload-calls.ts';

type Call = readonly [path: string, sent: Sent];

/** What nothing but hostile input holds. */
const MARK = 'zqhostile';

/** One request for everything that a caller can make up, with another text each time. */
function hostileCalls(token: string, method: string): Call[] {
  const text = MARK + randomBytes(6).toString('hex');
  const call = uploadCall(token);
  const withHeaders = (headers: Readonly<Record<string, string>>): Sent => ({
    ...call,
    headers: { ...call.headers, ...headers },
  });
  const withBody = (more: Readonly<Record<string, unknown>>): Sent => ({
    ...call,
    body: JSON.stringify({ ...JSON.parse(call.body.toString()), ...more }),
  });
  return [
    [`/${text}`, {}],
    [`/${text}`, { method }],
    [`/v1/${text}`, call],
    [`${UPLOAD_PATH}?${text}=${text}`, call],
    [`/upload.v1.UploadService/${text}`, call],
    [`/${text}.v1.Service/Method`, withHeaders({ 'content-type': `application/grpc+${text}` })],
    [`/v1/api-keys/${text}`, { headers: call.headers }],
    [`/as/pse_upl_1${text}${UPLOAD_PATH}`, call],
    [UPLOAD_PATH, { ...call, method }],
    [UPLOAD_PATH, withBody({ filename: text })],
    [UPLOAD_PATH, withBody({ contentType: `${text}/${text}` })],
    [UPLOAD_PATH, withBody({ destination: text })],
    [UPLOAD_PATH, withBody({ [text]: text })],
    [UPLOAD_PATH, withHeaders({ 'content-type': `application/${text}` })],
    [UPLOAD_PATH, withHeaders({ authorization: `Bearer ${text}` })],
    [UPLOAD_PATH, withHeaders({ authorization: `${text} ${text}` })],
    [UPLOAD_PATH, withHeaders({ 'connect-protocol-version': text, 'grpc-timeout': text })],
    [UPLOAD_PATH, withHeaders({ [text]: text, 'x-request-id': text, 'user-agent': text, origin: text })],
    [UPLOAD_PATH, withHeaders({ 'x-forwarded-for': text, traceparent: text, 'idempotency-key': text })],
    ['/upload.v1.UploadService/CreateS3Upload', withHeaders({ 'content-type': `application/${text}` })],
    [
      '/upload.v1.UploadService/CreateS3Upload',
      withHeaders({ 'content-type': `application/grpc-web+${text}` }),
    ],
    ['/upload.v1.UploadService/CreateS3Upload', withHeaders({ 'content-encoding': text })],
  ];
}

/** The names and labels of what is exposed, without the values. */
function seriesOf(exposition: string): string[] {
  const lines = exposition.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return lines.map((line) => line.slice(0, line.lastIndexOf(' '))).toSorted();
}

/** Security property: what callers send decides nothing but how often the series that there are are counted. */
it('thousands of requests with made-up paths, methods, names, protocols, headers and keys add no series', async () => {
  await using service = await openService({ ...UNREACHABLE_S3, PRESIGND_AUTH_FAILURE_BURST: '1000000' });
  const { url, token } = service;
  using agent = closingAgent(20);
  const session = connect(url);
  const scrape = async () => (await sendHttp1(`${url}/metrics`)).body;

  async function round(index: number): Promise<void> {
    const http1 = hostileCalls(token, ['PURGE', 'PROPFIND', 'MKCOL', 'BIND'][index % 4] ?? 'PURGE');
    const http2 = hostileCalls(token, `${MARK}${index}`);
    await Promise.all([
      ...http1.map(([path, sent]) => sendHttp1(url + path, sent, agent)),
      ...http2.map(([path, sent]) => sendHttp2(session, path, sent)),
    ]);
  }

  // Twice, so that the key has been asked of the store, and then found in memory.
  for (const index of [0, 1]) await round(index);
  // Twice, so that what a scrape itself brings is there.
  await scrape();
  const before = seriesOf(await scrape());
  for (let index = 2; index <= 50; index++) await round(index);
  const exposition = await scrape();
  session.close();
  expect(seriesOf(exposition)).toEqual(before);
  expect(exposition).not.toContain(MARK);
  expect(exposition).toContain('code="unauthenticated"');
  expect(await service.program.stop()).toBe(0);
});

// Who is let in, and what the others are told.
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, createHttpClient, HTTP_VERSIONS, type HttpClient } from '../support/http-requests.ts';
import { openSandbox, UNREACHABLE_S3 } from '../support/sandbox.ts';
import { openService, type Service } from '../support/service.ts';
import { UPLOAD_PATH, uploadCall } from '../support/upload-calls.ts';

const UNAUTHORIZED =
  '{"error":"Unauthorized","message":"Authentication required. Please provide a valid API token","code":401}';

const ENV = { ...UNREACHABLE_S3, PRESIGND_KEY_PEPPERS: 'pepper-of-these-tests-with-enough-entropy' };

describe.each(HTTP_VERSIONS)('authentication over %s', (version) => {
  let service: Service;
  let client: HttpClient;
  beforeAll(async () => {
    service = await openService(ENV);
    client = createHttpClient(version, service.url);
  });
  afterAll(() => service[Symbol.asyncDispose]());

  const callWith = (authorization: string | undefined, more: { id?: string; body?: string } = {}) => {
    const call = uploadCall(undefined);
    return client.send(UPLOAD_PATH, {
      ...call,
      body: more.body ?? call.body,
      headers: {
        ...call.headers,
        ...(authorization === undefined ? {} : { authorization }),
        ...(more.id === undefined ? {} : { 'x-request-id': more.id }),
      },
    });
  };

  /** An answer without what belongs to the moment. */
  function lasting({ status, headers, body }: Answer): unknown {
    const { date: _date, 'x-request-id': requestId, ...others } = headers;
    expect(requestId).toMatch(/^req_/);
    return { status, headers: others, body };
  }

  it.each(['Bearer', 'bearer', 'BEARER'])('takes the scheme %s', async (scheme) => {
    expect((await callWith(`${scheme} ${service.token}`)).status).toBe(200);
  });

  /** Security property: nobody learns from the answer whether a key exists or has existed. */
  it('answers 401, the same byte by byte, whatever is wrong with the key', async () => {
    const { sandbox, token } = service;
    const revoked = await sandbox.createKey();
    await sandbox.revokeKey(revoked.id);
    const expired = await sandbox.createKey(['--expires', '1s']);
    await using elsewhere = await openSandbox(ENV);
    // Made with the same pepper, so that its form is right, in a store that this service does not know.
    const unknown = await elsewhere.createKey();
    await delay(1_100);

    const missing = await callWith(undefined);
    const answers = {
      malformed: await callWith('Bearer not-a-key'),
      mistyped: await callWith(`Bearer ${token.slice(0, -1)}${token.endsWith('a') ? 'b' : 'a'}`),
      forged: await callWith(`Bearer pse_live_1${'a'.repeat(49)}`),
      'of another scheme': await callWith('Basic dXNlcjpwYXNz'),
      'without a scheme': await callWith(token),
      empty: await callWith(''),
      unknown: await callWith(`Bearer ${unknown.token}`),
      revoked: await callWith(`Bearer ${revoked.token}`),
      expired: await callWith(`Bearer ${expired.token}`),
    };
    for (const [what, answer] of Object.entries(answers))
      expect({ [what]: lasting(answer) }).toEqual({ [what]: lasting(missing) });
    expect(missing).toMatchObject({
      status: 401,
      headers: { 'www-authenticate': 'Bearer', 'cache-control': 'no-store' },
      body: UNAUTHORIZED,
    });
  });

  it('tells the operator in the log what was wrong', async () => {
    await callWith(undefined, { id: 'the-one-without' });
    await callWith('Bearer not-a-key', { id: 'the-malformed-one' });
    await service.program.untilPrinted('the-malformed-one');
    const lineOf = (id: string) => service.program.log().find(({ requestId }) => requestId === id);
    expect(lineOf('the-one-without')).toMatchObject({ status: 401, reason: 'KEY_MISSING' });
    expect(lineOf('the-malformed-one')).toMatchObject({ status: 401, reason: 'KEY_MALFORMED' });
  });

  it('comes before anything is said of the request', async () => {
    expect((await callWith('Bearer not-a-key', { body: '{}' })).body).toBe(UNAUTHORIZED);
  });

  it('answers 403 to a key without the scope, before anything is said of the request', async () => {
    const { token } = await service.sandbox.createKey(['--scopes', 'uploads:read,keys:write']);
    expect(await callWith(`Bearer ${token}`, { body: '{}' })).toMatchObject({
      status: 403,
      body: '{"error":"Forbidden","message":"This call needs an API key with the scope uploads:create","code":403}',
    });
  });

  /** Availability: whoever guesses keys is held up, and nobody else behind the same address. */
  it('answers 429 to failed authentications beyond the limit, and not to a valid key', async () => {
    await using limited = await openService({
      ...UNREACHABLE_S3,
      PRESIGND_AUTH_FAILURE_BURST: '3',
      PRESIGND_AUTH_FAILURES_PER_SECOND: '1',
    });
    const { send } = createHttpClient(version, limited.url);
    const guess = () => send(UPLOAD_PATH, uploadCall(`pse_live_1${'a'.repeat(49)}`));
    const ask = () => send(UPLOAD_PATH, uploadCall(limited.token));
    expect((await ask()).status).toBe(200);
    const guesses = [];
    for (let n = 0; n < 10; n++) guesses.push(await guess());
    const statuses = guesses.map(({ status }) => status);
    expect(statuses.slice(0, 3)).toEqual([401, 401, 401]);
    expect(statuses).toContain(429);
    const refused = guesses.find(({ status }) => status === 429);
    expect(refused?.headers['retry-after']).toBe('1');
    expect(refused?.body).toBe(
      '{"error":"Too Many Requests","message":"Too many requests. Please retry later","code":429}',
    );
    expect((await ask()).status).toBe(200);
  });
});

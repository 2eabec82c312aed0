// API keys over plain HTTP, as a customer manages them: the spawned program, its store and nothing else.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sendHttp1 } from '../support/http-requests.ts';
import { UNREACHABLE_S3 } from '../support/sandbox.ts';
import { openService, type Service } from '../support/service.ts';
import { askForUpload, HELLO } from '../support/upload-calls.ts';

const ALL_SCOPES = 'uploads:create,uploads:read,uploads:manage,keys:read,keys:write';
const SHOWN_FIELDS = [
  'created_at',
  'environment',
  'expiration_date',
  'id',
  'key_prefix',
  'last_used_at',
  'name',
  'overlap_ends_at',
  'owner',
  'policy',
  'rate_limit',
  'revoke_reason',
  'revoked_at',
  'rotated_from',
  'rotated_to',
  'scopes',
  'status',
];

/** Far beyond the interval at which services ask the store for changes, as machines may be busy. */
const POLL = { timeout: 20_000, interval: 50 };

describe('the API of API keys', () => {
  let service: Service;
  let admin: string;

  beforeAll(async () => {
    service = await openService(UNREACHABLE_S3);
    admin = (await service.sandbox.createKey(['--scopes', ALL_SCOPES])).token;
  });
  afterAll(() => service?.[Symbol.asyncDispose]());

  interface Asked {
    readonly token?: string;
    readonly body?: unknown;
    readonly headers?: Readonly<Record<string, string>>;
  }

  async function ask(method: string, path: string, asked: Asked = {}) {
    const { token = admin, body, headers } = asked;
    const answer = await sendHttp1(service.url + path, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { ...answer, json: JSON.parse(answer.body) };
  }

  async function make(body: Record<string, unknown> = {}, token = admin) {
    const { status, json } = await ask('POST', '/v1/api-keys', { body: { name: 'made', ...body }, token });
    expect({ status, json }).toMatchObject({ status: 200 });
    return json;
  }

  describe('creation', () => {
    it('answers the fields of the contract, with the secret, null where there is none', async () => {
      const { status, headers, json } = await ask('POST', '/v1/api-keys', {
        body: { name: 'A customer', expiration_date: '2099-01-01T00:00:00Z' },
      });
      expect(status).toBe(200);
      expect(headers['cache-control']).toBe('no-store');
      expect(Object.keys(json).sort()).toEqual(['api_key', ...SHOWN_FIELDS]);
      expect(json).toMatchObject({
        id: expect.stringMatching(/^key_/),
        key_prefix: json.api_key.slice(0, json.key_prefix.length),
        name: 'A customer',
        expiration_date: '2099-01-01T00:00:00Z',
        created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/),
        revoked_at: null,
        scopes: ['uploads:create'],
        policy: null,
        rate_limit: null,
        status: 'active',
      });
      expect((await make()).expiration_date).toBeNull();
    });

    it('makes a key that works at once, in its own owner', async () => {
      const { api_key } = await make();
      expect((await askForUpload(service.url, api_key)).status).toBe(200);
    });

    it('names every field that is wrong, and makes nothing', async () => {
      const before = (await ask('GET', '/v1/api-keys')).json.pagination.total;
      const { status, json } = await ask('POST', '/v1/api-keys', {
        body: {
          name: '',
          expiration_date: '2001-01-01T00:00:00Z',
          scopes: ['uploads:everything'],
          environment: 'prod',
          polcy: {},
        },
      });
      expect({ status, code: json.code }).toEqual({ status: 400, code: 400 });
      expect(json.details.map(({ field }: { field: string }) => field)).toContain('polcy');
      for (const [field, body] of [
        ['name', { name: '' }],
        ['expiration_date', { expiration_date: '2001-01-01T00:00:00Z' }],
        ['scopes', { scopes: ['uploads:everything'] }],
        ['environment', { environment: 'prod' }],
        ['policy.max_sise', { policy: { max_sise: 1 } }],
        ['policy.content_types', { policy: { content_types: ['no type'] } }],
        ['rate_limit.plan', { rate_limit: { plan: 'no-such-plan' } }],
        ['owner', { owner: 'somebody-else' }],
      ] as const) {
        const refused = await ask('POST', '/v1/api-keys', { body: { name: 'x', ...body } });
        expect({ field, status: refused.status }).toEqual({ field, status: 400 });
        expect(refused.json.details.map((detail: { field: string }) => detail.field)).toContain(field);
      }
      expect((await ask('GET', '/v1/api-keys')).json.pagination.total).toBe(before);
    });

    it('happens once for one Idempotency-Key, whose repetition names the key without its secret', async () => {
      const headers = { 'idempotency-key': 'order-17' };
      const first = await ask('POST', '/v1/api-keys', { body: { name: 'once' }, headers });
      const again = await ask('POST', '/v1/api-keys', { body: { name: 'once' }, headers });
      expect([first.status, again.status]).toEqual([200, 409]);
      expect(again.json.message).toContain(first.json.id);
      expect(again.body).not.toContain(first.json.api_key);
      const other = await ask('POST', '/v1/api-keys', { body: { name: 'other' }, headers });
      expect(other.status).toBe(409);
      expect(other.body).not.toContain(first.json.id);
    });

    it('gives no more than the calling key may do', async () => {
      const limited = await make({
        scopes: ['keys:write', 'uploads:create'],
        policy: { content_types: ['image/*'], max_size: 1000 },
      });
      const token = limited.api_key;
      for (const body of [
        { scopes: ['keys:read'] },
        { policy: { content_types: ['image/png', 'text/plain'], max_size: 1000 } },
        { policy: { content_types: ['image/png'], max_size: 1001 } },
        { policy: {} },
      ]) {
        const refused = await ask('POST', '/v1/api-keys', { token, body: { name: 'wider', ...body } });
        expect({ body, status: refused.status }).toEqual({ body, status: 403 });
      }
      const child = await make({ policy: { content_types: ['image/png'], max_size: 10 } }, token);
      expect(child.policy).toMatchObject({ content_types: ['image/png'], max_size: 10 });
      expect((await make({}, token)).policy).toMatchObject({ content_types: ['image/*'], max_size: 1000 });
      // Rotating or widening a key that may do more would hand out what the caller does not have.
      const wider = await make();
      expect((await ask('POST', `/v1/api-keys/${wider.id}/rotate`, { token })).status).toBe(403);
      const widened = await ask('PATCH', `/v1/api-keys/${child.id}`, { token, body: { policy: {} } });
      expect(widened.status).toBe(403);
    });
  });

  describe('lists', () => {
    it('come in stable pages with right totals, and never show a secret', async () => {
      const owner = await openService(UNREACHABLE_S3);
      await using _ = owner;
      const token = (await owner.sandbox.createKey(['--scopes', ALL_SCOPES])).token;
      const list = async (query: string) => {
        const answer = await sendHttp1(`${owner.url}/v1/api-keys${query}`, {
          headers: { authorization: `Bearer ${token}` },
        });
        return { ...answer, json: JSON.parse(answer.body) };
      };
      for (let n = 0; n < 3; n++) await owner.sandbox.createKey();
      const whole = await list('');
      expect(whole.json.pagination).toEqual({ page: 1, per_page: 20, total: 5, pages: 1 });
      expect(Object.keys(whole.json.api_keys[0]).sort()).toEqual(SHOWN_FIELDS);
      expect(whole.body).not.toContain('api_key"');
      const pages = await Promise.all([1, 2, 3, 4].map((page) => list(`?page=${page}&per_page=2`)));
      expect(pages.map(({ json }) => json.api_keys.length)).toEqual([2, 2, 1, 0]);
      expect(pages.map(({ json }) => json.pagination.pages)).toEqual([3, 3, 3, 3]);
      expect(pages.flatMap(({ json }) => json.api_keys)).toEqual(whole.json.api_keys);
      const statuses = await Promise.all(['active', 'revoked'].map((status) => list(`?status=${status}`)));
      expect(statuses.map(({ json }) => json.pagination.total)).toEqual([5, 0]);
      for (const query of ['?page=0', '?per_page=101', '?per_page=x', '?status=gone', '?page=1&page=2'])
        expect({ query, status: (await list(query)).status }).toEqual({ query, status: 400 });
    });
  });

  describe('a key of another owner', () => {
    /** Security property (OWASP API1): an id from elsewhere is worth nothing. */
    it('is answered like one that does not exist, whatever is asked', async () => {
      const theirs = await service.sandbox.createKey(['--owner', 'somebody-else']);
      for (const id of [theirs.id, 'key_0000000000000000000000']) {
        const answers = [
          await ask('GET', `/v1/api-keys/${id}`),
          await ask('PATCH', `/v1/api-keys/${id}`, { body: { name: 'mine' } }),
          await ask('DELETE', `/v1/api-keys/${id}`),
          await ask('POST', `/v1/api-keys/${id}/rotate`, { body: {} }),
        ];
        for (const { status, json } of answers)
          expect({ status, json }).toEqual({
            status: 404,
            json: { error: 'Not Found', message: 'There is no such API key', code: 404 },
          });
      }
      expect((await ask('GET', '/v1/api-keys')).body).not.toContain(theirs.id);
      expect((await askForUpload(service.url, theirs.token)).status).toBe(200);
    });
  });

  describe('the life of a key', () => {
    it('is seen by its owner from creation to revocation', async () => {
      const made = await make({ name: 'first name' });
      const path = `/v1/api-keys/${made.id}`;
      const { api_key: secret, ...shown } = made;
      expect((await ask('GET', path)).json).toEqual(shown);

      const renamed = await ask('PATCH', path, { body: { name: 'second name', policy: { max_size: 10 } } });
      expect(renamed.json).toMatchObject({ name: 'second name', policy: { max_size: 10 }, status: 'active' });
      await expect.poll(async () => (await askForUpload(service.url, secret)).status, POLL).toBe(403);

      expect((await ask('PATCH', path, { body: { disabled: true } })).json.status).toBe('disabled');
      expect((await askForUpload(service.url, secret)).status).toBe(401);
      expect((await ask('PATCH', path, { body: { disabled: false, policy: {} } })).json).toMatchObject({
        status: 'active',
        policy: null,
      });
      expect((await askForUpload(service.url, secret)).status).toBe(200);

      const revoked = await ask('DELETE', `${path}?reason=left%20the%20company`);
      expect(revoked.json).toMatchObject({
        status: 'revoked',
        revoked_at: expect.any(String),
        revoke_reason: 'left the company',
        propagation: 'pending',
      });
      // Security property: the instance that revoked the key refuses it from the answer on.
      expect((await askForUpload(service.url, secret)).status).toBe(401);
      const again = await ask('DELETE', path);
      expect({ ...again.json, propagation: '' }).toEqual({ ...revoked.json, propagation: '' });
      expect((await ask('PATCH', path, { body: { disabled: false } })).status).toBe(409);
    });

    it('goes on in its replacement while both work, until the overlap ends', async () => {
      const made = await make({ name: 'rotated' });
      const rotated = await ask('POST', `/v1/api-keys/${made.id}/rotate`);
      expect(rotated.status).toBe(200);
      const { json } = rotated;
      expect(json).toMatchObject({ name: 'rotated', rotated_from: made.id, rotated_to: null });
      const old = (await ask('GET', `/v1/api-keys/${made.id}`)).json;
      expect(old).toMatchObject({ rotated_to: json.id, overlap_ends_at: json.overlap_ends_at });
      const overlapMs = Date.parse(old.overlap_ends_at) - Date.parse(json.created_at);
      expect(overlapMs).toBe(24 * 3_600_000);
      for (const token of [made.api_key, json.api_key])
        expect((await askForUpload(service.url, token)).status).toBe(200);
      expect((await ask('POST', `/v1/api-keys/${made.id}/rotate`)).status).toBe(409);

      const body = { overlap: '0s' };
      const atOnce = await ask('POST', `/v1/api-keys/${json.id}/rotate`, { body });
      expect((await askForUpload(service.url, json.api_key)).status).toBe(401);
      expect((await askForUpload(service.url, atOnce.json.api_key)).status).toBe(200);
    });

    it('ends in a refusal for whoever lacks the scope', async () => {
      const { api_key: token, id } = await make();
      for (const [method, path] of [
        ['POST', '/v1/api-keys'],
        ['GET', '/v1/api-keys'],
        ['GET', `/v1/api-keys/${id}`],
        ['PATCH', `/v1/api-keys/${id}`],
        ['DELETE', `/v1/api-keys/${id}`],
        ['POST', `/v1/api-keys/${id}/rotate`],
      ] as const) {
        const body = method === 'GET' || method === 'DELETE' ? undefined : { name: 'x' };
        expect({ method, path, status: (await ask(method, path, { token, body })).status }).toEqual({
          method,
          path,
          status: 403,
        });
      }
      const self = await ask('GET', '/v1/api-keys/self', { token });
      expect(self.json).toMatchObject({
        key: { id, scopes: ['uploads:create'] },
        rate: null,
        byte_quotas: [],
      });
    });
  });

  describe('limits', () => {
    it('are told in headers, kept to the call, and answered with the time to come back', async () => {
      const { api_key: token } = await make({ rate_limit: { requests: 3, window_seconds: 60 } });
      const answers = [];
      for (let n = 0; n < 5; n++) answers.push(await askForUpload(service.url, token));
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 429, 429]);
      expect(answers.map(({ headers }) => headers['x-ratelimit-remaining'])).toEqual([
        '2',
        '1',
        '0',
        '0',
        '0',
      ]);
      const [first, , , refused] = answers;
      expect(first?.headers).toMatchObject({
        'x-ratelimit-limit': '3',
        'ratelimit-policy': '"key";q=3;w=60',
      });
      expect(Number(refused?.headers['retry-after'])).toBeGreaterThan(0);
      expect(JSON.parse(refused?.body ?? '')).toMatchObject({ error: 'Too Many Requests', code: 429 });
      // Nobody else pays for it.
      expect((await askForUpload(service.url, service.token)).headers['x-ratelimit-limit']).toBeUndefined();
    });

    it('count the declared bytes of a day', async () => {
      const { api_key: token } = await make({ rate_limit: { bytes_per_day: 100 } });
      const sizes = [60, 60, 40, 0, 1];
      const statuses = [];
      for (const size of sizes)
        statuses.push(
          (await askForUpload(service.url, token, { ...HELLO, content: Buffer.alloc(size) })).status,
        );
      expect(statuses).toEqual([200, 429, 200, 200, 429]);
      const self = await ask('GET', '/v1/api-keys/self', { token });
      expect(self.json.byte_quotas).toEqual([
        { period: 'day', limit: 100, used: 100, reset_at: expect.stringMatching(/T00:00:00Z$/) },
      ]);
    });
  });

  it('takes each path with its own methods only', async () => {
    for (const [method, path, allow] of [
      ['PUT', '/v1/api-keys', ['GET', 'POST']],
      ['POST', '/v1/api-keys/self', ['DELETE', 'GET', 'PATCH']],
      ['GET', '/v1/api-keys/key_1/rotate', ['POST']],
    ] as const) {
      const { status, headers } = await ask(method, path);
      expect(status).toBe(405);
      const allowed = String(headers['allow'])
        .split(', ')
        .filter((name) => name !== 'HEAD');
      expect({ path, allowed: allowed.sort() }).toEqual({ path, allowed: [...allow] });
    }
    expect((await ask('GET', '/v1/api-keys/')).status).toBe(404);
  });
});

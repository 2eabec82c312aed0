// Floods of calls must not become floods of reads.
import { expect, it } from 'vitest';
import { describeWith } from '../support/available.ts';
import { closingAgent, sendHttp1 } from '../support/http-requests.ts';
import { makePostgresPlace } from '../support/postgres-place.ts';
import { type Environment, UNREACHABLE_S3 } from '../support/sandbox.ts';
import { openService, type Service } from '../support/service.ts';
import { UPLOAD_PATH, uploadCall } from '../support/upload-calls.ts';

const CALLERS = 1_000;
const FORGERIES = 20_000;
const IN_FLIGHT = 100;

/** How often a tier was asked, by its metric. */
async function readsOf({ url }: Service, tier: 'shared' | 'store'): Promise<number> {
  const { body } = await sendHttp1(`${url}/metrics`);
  const counts = body.matchAll(
    new RegExp(`^presignd_key_lookups_total\\{tier="${tier}",outcome="\\w+"\\} (\\d+)$`, 'gm'),
  );
  return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
}

/** Floods on a machine that is busy with other tests: whether calls are shed is not what is looked at. */
const TAKES_ALL: Environment = { ...UNREACHABLE_S3, PRESIGND_MAX_LOOP_DELAY: '0s' };

async function expectOneRead(env: Environment = {}): Promise<void> {
  await using service = await openService({ ...TAKES_ALL, ...env });
  using agent = closingAgent(CALLERS);
  // Connections first, so that the calls come as one.
  await Promise.all(Array.from({ length: CALLERS }, () => sendHttp1(`${service.url}/livez`, {}, agent)));
  // Not through Redis, where a new key is written to help others.
  const { token } = await service.sandbox.createKey([], { REDIS_URL: '' });
  const before = await readsOf(service, 'store');
  const answers = await Promise.all(
    Array.from({ length: CALLERS }, () => sendHttp1(service.url + UPLOAD_PATH, uploadCall(token), agent)),
  );
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  expect((await readsOf(service, 'store')) - before).toBe(1);
}

const ONE_READ = 'reads the store once when 1,000 callers come with one key that nobody has seen';

it(`on SQLite ${ONE_READ}`, () => expectOneRead());

describeWith('postgresUrl', 'on Postgres', (postgresUrl) => {
  it(ONE_READ, async () => {
    await using closing = new AsyncDisposableStack();
    const place = closing.adopt(await makePostgresPlace(postgresUrl), ({ remove }) => remove());
    await expectOneRead({ DATABASE_URL: place.url });
  });
});

describeWith('redisUrl', 'with Redis', (redisUrl) => {
  /** Security property: whoever sends junk costs no read of anything. */
  it('reads neither store nor Redis for 20,000 forged keys', async () => {
    await using service = await openService({ ...TAKES_ALL, REDIS_URL: redisUrl });
    using agent = closingAgent(IN_FLIGHT);
    const { token } = await service.sandbox.createKey();
    expect((await sendHttp1(service.url + UPLOAD_PATH, uploadCall(token))).status).toBe(200);
    const before = [await readsOf(service, 'store'), await readsOf(service, 'shared')];
    const statuses: number[] = [];
    let sent = 0;
    const sendForgeries = async () => {
      while (sent < FORGERIES) {
        sent += 1;
        // Each another one, of the right shape.
        const forged = `pse_live_1${String(sent).padStart(49, 'a')}`;
        statuses.push((await sendHttp1(service.url + UPLOAD_PATH, uploadCall(forged), agent)).status);
      }
    };
    await Promise.all(Array.from({ length: IN_FLIGHT }, sendForgeries));
    expect(statuses).toHaveLength(FORGERIES);
    expect(new Set(statuses)).toEqual(new Set([401, 429]));
    expect([await readsOf(service, 'store'), await readsOf(service, 'shared')]).toEqual(before);
    // A genuine key from the same address does not suffer for it.
    expect((await sendHttp1(service.url + UPLOAD_PATH, uploadCall(token))).status).toBe(200);
  });
});

// What is changed with the command line holds for a service that is running.
import { Redis } from 'ioredis';
import { describe, expect, it } from 'vitest';
import { describeWith } from '../support/available.ts';
import { sendHttp1 } from '../support/http-requests.ts';
import { type Environment, UNREACHABLE_S3 } from '../support/sandbox.ts';
import { openService } from '../support/service.ts';
import { askForUpload } from '../support/upload-calls.ts';

/** Far beyond the interval at which services ask the store for changes, as machines may be busy. */
const POLL = { timeout: 20_000, interval: 50 };

function describeKeyChanges(env: Environment): void {
  it('takes a key that was just made', async () => {
    await using service = await openService(env);
    for (let n = 0; n < 3; n++) {
      const { token } = await service.sandbox.createKey();
      expect((await askForUpload(service.url, token)).status).toBe(200);
    }
  });

  /** Security property: a revoked key stops working, also where it was in use and is in memory. */
  it('refuses a revoked key soon, and for good, also after a restart', async () => {
    await using service = await openService(env);
    const { sandbox, url } = service;
    const { id, token } = await sandbox.createKey();
    expect((await askForUpload(url, token)).status).toBe(200);
    await sandbox.revokeKey(id);
    await expect.poll(async () => (await askForUpload(url, token)).status, POLL).toBe(401);
    for (let n = 0; n < 20; n++) expect((await askForUpload(url, token)).status).toBe(401);
    expect((await askForUpload(url, service.token)).status).toBe(200);

    expect(await service.program.stop()).toBe(0);
    const again = await sandbox.start();
    expect((await askForUpload(again.url, token)).status).toBe(401);
    expect((await askForUpload(again.url, service.token)).status).toBe(200);
  });

  it('refuses a key once it has expired, although it was in use', async () => {
    await using service = await openService(env);
    const { token } = await service.sandbox.createKey(['--expires', '3s']);
    expect((await askForUpload(service.url, token)).status).toBe(200);
    await expect.poll(async () => (await askForUpload(service.url, token)).status, POLL).toBe(401);
  });
}

describe('key changes without Redis', () => {
  describeKeyChanges(UNREACHABLE_S3);

  it('reach a service by what the store tells of them, not only when it reads the key again', async () => {
    await using service = await openService(UNREACHABLE_S3);
    let told = 0;
    for (let n = 0; n < 3; n++) {
      const { id, token } = await service.sandbox.createKey();
      expect((await askForUpload(service.url, token)).status).toBe(200);
      const missesBefore = await memoryMisses(service.url);
      await service.sandbox.revokeKey(id);
      await expect.poll(async () => (await askForUpload(service.url, token)).status, POLL).toBe(401);
      // Reading again replaces the record in memory; only news of a change takes it away.
      told += (await memoryMisses(service.url)) - missesBefore;
    }
    // Not each time: on a busy machine the news may come later than the next reading.
    expect(told).toBeGreaterThan(0);
  });
});

/** How often a key that was asked for was not in memory. */
async function memoryMisses(url: string): Promise<number> {
  const { body } = await sendHttp1(`${url}/metrics`);
  const line = /^presignd_key_lookups_total\{tier="memory",outcome="miss"\} (\d+)$/m.exec(body);
  return Number(line?.[1] ?? 0);
}

describeWith('redisUrl', 'key changes with Redis', (redisUrl) => {
  const env = { ...UNREACHABLE_S3, REDIS_URL: redisUrl };
  describeKeyChanges(env);

  it('refuses a revoked key on every service as soon as the command has ended', async () => {
    await using service = await openService(env);
    const { sandbox } = service;
    const second = await sandbox.start();
    let pushed = 0;
    for (let n = 0; n < 5; n++) {
      const { id, token } = await sandbox.createKey();
      const statuses = () =>
        Promise.all([service.url, second.url].map(async (url) => (await askForUpload(url, token)).status));
      expect(await statuses()).toEqual([200, 200]);
      const { propagation } = JSON.parse((await sandbox.run(['keys', 'revoke', id, '--json'])).stdout);
      // On a busy machine the announcement may come too late, and then the command says so.
      if (propagation !== 'pushed') continue;
      pushed += 1;
      expect(await statuses()).toEqual([401, 401]);
    }
    expect(pushed).toBeGreaterThan(0);
  });

  /** Security property: whoever reads Redis holds no key. */
  it('leaves no key in Redis', async () => {
    await using service = await openService(env);
    expect((await askForUpload(service.url, service.token)).status).toBe(200);
    const redis = new Redis(redisUrl);
    try {
      const names = await redis.keys('*');
      expect(names.length).toBeGreaterThan(0);
      const values = await Promise.all(names.map((name) => redis.dump(name)));
      expect([...names, ...values].join('\n')).not.toContain(service.token.slice(10, 46));
    } finally {
      redis.disconnect();
    }
  });
});

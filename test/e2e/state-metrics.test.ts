// What /metrics tells of the state of a running service, and how fast it hears of changes that others make.
import { expect, it } from 'vitest';
import { describeWith } from '../support/available.ts';
import { sendHttp1 } from '../support/http-requests.ts';
import { openSandbox, UNREACHABLE_S3 } from '../support/sandbox.ts';
import { getUpload } from '../support/upload-calls.ts';

describeWith('redisUrl', 'the metrics of a service with Redis', (redisUrl) => {
  it('show its caches, breakers and feed, and that revocations come by announcement, or else by the feed', async () => {
    await using sandbox = await openSandbox({ ...UNREACHABLE_S3, REDIS_URL: redisUrl });
    const announced = await sandbox.createKey();
    const quiet = await sandbox.createKey();
    const program = await sandbox.start();
    const scrape = async () => (await sendHttp1(`${program.url}/metrics`)).body;
    const heard = async (via: string) =>
      (await scrape()).includes(`presignd_key_change_propagation_seconds_count{via="${via}"} 1\n`);
    for (const { token } of [announced, quiet]) await getUpload(program.url, token);

    const metrics = await scrape();
    expect(metrics).toContain('presignd_cache_entries{cache="keys"} 2');
    for (const guard of ['keys', 'rate', 'bytes', 'token', 'creations'])
      expect(metrics).toContain(`presignd_breaker_state{guard="${guard}"} 0`);
    expect(metrics).toMatch(/^presignd_revocation_feed_lag_seconds \d+\.\d+$/m);
    expect(metrics).not.toContain('presignd_key_change_propagation_seconds_count');

    await sandbox.revokeKey(announced.id);
    await expect.poll(() => heard('announcement'), { timeout: 20_000, interval: 100 }).toBe(true);
    await sandbox.revokeKey(quiet.id, { REDIS_URL: '' });
    await expect.poll(() => heard('feed'), { timeout: 20_000, interval: 100 }).toBe(true);
    expect(await heard('announcement')).toBe(true);
    expect(await program.stop()).toBe(0);
  });
});

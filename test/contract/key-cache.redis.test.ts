import { createSecretKey } from 'node:crypto';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { KeyRecord } from '../../src/keys/api-key.ts';
import { recordFromKey } from '../../src/keys/lookup.ts';
import { createSeal } from '../../src/redis/sealed-record.ts';
import { describeWith } from '../support/available.ts';
import { CACHE_KEY, type ConnectedCache, connectCache, ownPrefix } from '../support/redis-key-cache.ts';
import { storedKey } from '../support/stored-key.ts';
import { describeKeyCache } from './key-cache.suite.ts';

const KEY = storedKey('a');
const ACTIVE = recordFromKey(KEY);
const { digest } = KEY;

describeWith('redisUrl', 'Redis', (url) => {
  describeKeyCache('Redis', async () => {
    const prefix = ownPrefix();
    const connected: ConnectedCache[] = [];
    return {
      async connect() {
        const one = await connectCache(url, { prefix });
        connected.push(one);
        return one.cache;
      },
      async remove() {
        for (const each of connected) await each.close();
      },
    };
  });

  const opened: ConnectedCache[] = [];
  afterEach(async () => {
    for (const each of opened.splice(0)) await each.close();
  });

  async function connect(options: Parameters<typeof connectCache>[1] = {}) {
    const prefix = options.prefix ?? ownPrefix();
    const one = await connectCache(url, { ...options, prefix });
    opened.push(one);
    const { commands } = one.connections;
    return { ...one, prefix, commands, name: prefix + digest };
  }

  it('stores the digest of a token and what decisions need, never the token', async () => {
    const { cache, commands, name } = await connect();
    await cache.fill(digest, ACTIVE, 60_000);
    expect(await commands.get(name)).toMatch(/^1\|\{"id":"key_a",.*\}\|[\w-]{22}$/);
    expect(await commands.pttl(name)).toBeGreaterThan(50_000);
  });

  it('seals the records of one prefix so that no other prefix takes them', async () => {
    const { cache, commands, name } = await connect();
    const other = await connect();
    await cache.fill(digest, ACTIVE, 60_000);
    await commands.set(other.name, (await commands.get(name)) ?? '', 'PX', 60_000);
    expect(await other.cache.get(digest)).toBeUndefined();
    expect(other.rejected()).toBe(1);
  });

  /** Whoever can write to Redis must not be able to make, change or move a key. */
  it('treats a value that it did not make as absent, removes it and counts it', async () => {
    const { cache, commands, name, prefix, rejected } = await connect();
    const stranger = createSeal(createSecretKey(Buffer.alloc(32, 'x')), prefix);
    const ours = createSeal(CACHE_KEY, prefix);
    const untilMs = Date.now() + 60_000;
    const genuine = ours.sealRecord(digest, ACTIVE, untilMs);
    const promoted = { ...ACTIVE, scopes: ['keys:write'] } satisfies KeyRecord;
    const bad = {
      empty: '',
      'not text': Buffer.from([0xff, 0x00, 0xfe]),
      'a number': '17',
      'no MAC': '1|{"id":"evil"}',
      'a made-up MAC':
        '1|{"id":"evil","o":"evil","s":[],"st":"active","exp":null,"use":9e15}|AAAAAAAAAAAAAAAAAAAAAA',
      'the MAC of another key': stranger.sealRecord(digest, promoted, untilMs),
      'the record of another key': ours.sealRecord(storedKey('b').digest, ACTIVE, untilMs),
      'a changed version': genuine.replace(/^1/, '2'),
      'a changed owner': genuine.replace('acme', 'evil'),
      'a changed MAC': genuine.slice(0, -1) + (genuine.endsWith('A') ? 'Q' : 'A'),
      'a cut value': genuine.slice(0, -1),
      'an appendix': `${genuine}=`,
      'an announcement': ours.sealChange(digest, 1),
    };
    let count = 0;
    for (const [what, value] of Object.entries(bad)) {
      await commands.set(name, value, 'PX', 60_000);
      expect(await cache.get(digest), what).toBeUndefined();
      expect(rejected(), what).toBe(++count);
      await vi.waitFor(async () => expect(await commands.exists(name), what).toBe(0));
      await cache.fill(digest, ACTIVE, 60_000);
      expect((await cache.get(digest))?.record, what).toEqual(ACTIVE);
    }
  });

  it('treats a value of another type as absent too, and an announced change replaces it', async () => {
    const { cache, commands, name, rejected } = await connect();
    await commands.lpush(name, 'a list');
    expect(await cache.get(digest)).toBeUndefined();
    expect(rejected()).toBe(1);
    await vi.waitFor(async () => expect(await commands.exists(name)).toBe(0));
    await commands.lpush(name, 'a list');
    await cache.announce(digest, { ...ACTIVE, status: 'revoked', version: 2 }, 60_000);
    expect(await cache.get(digest)).toBeUndefined();
    expect(rejected()).toBe(1);
  });

  it('does not believe a value whose end somebody took away', async () => {
    const { cache, commands, name, rejected } = await connect();
    await cache.fill(digest, ACTIVE, 60_000);
    await commands.persist(name);
    expect(await cache.get(digest)).toBeUndefined();
    expect(rejected()).toBe(1);
  });

  /** A copy that is put back after the revocation, or a fill that a frozen Redis executes much later. */
  it('does not believe a genuine value for longer than its life and the tolerance for skewed clocks', async () => {
    const clock = { nowMs: Date.now(), wallMs: () => clock.nowMs };
    const { cache, commands, name } = await connect({ clock });
    await cache.fill(digest, ACTIVE, 60_000);
    const copy = (await commands.get(name)) ?? '';
    clock.nowMs += 80_000;
    await commands.set(name, copy, 'PX', 3_600_000);
    expect((await cache.get(digest))?.remainingMs).toBe(10_000);
    clock.nowMs += 10_000;
    expect(await cache.get(digest)).toBeUndefined();
  });

  it('believes records of hosts whose clocks are off by half a minute', async () => {
    const prefix = ownPrefix();
    const late = await connect({ prefix, clock: { wallMs: () => Date.now() - 85_000 } });
    const early = await connect({ prefix, clock: { wallMs: () => Date.now() + 600_000 } });
    const exact = await connect({ prefix });
    await late.cache.fill(digest, ACTIVE, 60_000);
    expect((await exact.cache.get(digest))?.remainingMs).toBeLessThanOrEqual(5_000);
    await early.cache.fill(digest, ACTIVE, 60_000);
    expect((await exact.cache.get(digest))?.remainingMs).toBeLessThanOrEqual(60_000);
    expect(await early.cache.get(digest)).toBeDefined();
  });

  /** Otherwise anyone who can publish could make keys unusable by announcing versions that do not exist. */
  it('ignores announcements that it did not seal, and counts them', async () => {
    const { cache, commands, prefix, rejected } = await connect();
    const heard = vi.fn();
    cache.onAnnounced(heard);
    const forged = createSeal(createSecretKey(Buffer.alloc(32, 'x')), prefix).sealChange(digest, 999);
    const sealed = createSeal(CACHE_KEY, prefix).sealRecord(digest, ACTIVE, 1);
    const junk = ['', 'junk', `${digest}|999`, `${digest}|999|AAAAAAAAAAAAAAAAAAAAAA`, forged, sealed];
    for (const message of junk) await commands.publish(`${prefix}revoked`, message);
    await vi.waitFor(() => expect(rejected()).toBe(junk.length));
    expect(heard).not.toHaveBeenCalled();
  });

  describe('an instance of the release before this one', () => {
    const former = ownPrefix();
    const policy = { maxSizeBytes: 1 };

    /** Security property: it would read past the rules that it does not know. */
    it('never sees a record that may have rules which it does not know', async () => {
      const { cache } = await connect({ formerPrefix: former });
      const old = await connect({ prefix: former });
      await cache.fill(digest, { ...ACTIVE, policy }, 60_000);
      await cache.announce(digest, { ...ACTIVE, policy, version: 2 }, 60_000);
      expect(await old.cache.get(digest)).toBeUndefined();
    });

    it('hears of every change at once, and finds no record of before', async () => {
      const { cache } = await connect({ formerPrefix: former });
      const old = await connect({ prefix: former });
      const heard = vi.fn();
      old.cache.onAnnounced(heard);
      await old.cache.fill(digest, ACTIVE, 60_000);
      await cache.announce(digest, { ...ACTIVE, status: 'revoked', version: 7 }, 60_000);
      await vi.waitFor(() => expect(heard).toHaveBeenCalledExactlyOnceWith(digest, 7));
      expect(old.rejected()).toBe(0);
      expect(await old.cache.get(digest)).toBeUndefined();
    });
  });

  it('says that announcements may have been missed when its subscription was cut', async () => {
    const { gaps, cache, connections } = await connect();
    const heard = vi.fn();
    cache.onAnnounced(heard);
    expect(gaps()).toBe(1);
    connections.subscriber.stream.destroy();
    await vi.waitFor(() => expect(gaps()).toBe(2), { timeout: 5_000 });
    await cache.announce(digest, { ...ACTIVE, status: 'revoked', version: 2 }, 60_000);
    await vi.waitFor(() => expect(heard).toHaveBeenCalledWith(digest, 2));
  });

  it('keeps commands and passwords out of its errors', async () => {
    const { cache, commands, name } = await connect();
    await commands.lpush(name, 'a list');
    const error = await cache.fill(digest, ACTIVE, 60_000).catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(Error);
    expect(Object.keys(error instanceof Error ? error : {})).toEqual([]);
  });
});

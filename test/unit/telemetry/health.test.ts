import { describe, expect, it, vi } from 'vitest';
import { createHealth } from '../../../src/telemetry/health.ts';

const up = { check: async () => undefined };
const down = { check: async () => Promise.reject(new Error('redis://:secret@cache refused')) };

function healthOf(dependencies: Parameters<typeof createHealth>[0]['dependencies']) {
  let now = 0;
  return createHealth({ version: '1.2.3', dependencies, clock: () => (now += 500) });
}

describe('createHealth', () => {
  it('is ok while everything answers', async () => {
    const report = await healthOf({ store: { ...up, required: true } }).report();
    expect(report).toMatchObject({
      status: 'ok',
      version: '1.2.3',
      dependencies: { store: { status: 'up' } },
    });
  });

  it('is degraded without an optional dependency and down without a required one', async () => {
    expect((await healthOf({ redis: { ...down, required: false } }).report()).status).toBe('degraded');
    expect((await healthOf({ store: { ...down, required: true } }).report()).status).toBe('down');
  });

  /** The report is public: an error's text may hold hosts and passwords. */
  it('does not repeat why a dependency is down', async () => {
    const report = await healthOf({ redis: { ...down, required: false } }).report();
    expect(JSON.stringify(report)).not.toContain('secret');
  });

  it('counts a dependency that hangs as down, and does not wait for it', async () => {
    vi.useFakeTimers();
    try {
      const hanging = { check: () => new Promise(() => {}), required: true };
      const report = healthOf({ store: hanging, cache: { ...up, required: false } }).report();
      await vi.advanceTimersByTimeAsync(1_000);
      expect(await report).toMatchObject({
        status: 'down',
        dependencies: { store: { status: 'down' }, cache: { status: 'up' } },
      });
    } finally {
      vi.useRealTimers();
    }
  });

  it('shares one round of checks among callers that ask at the same time', async () => {
    let rounds = 0;
    const health = healthOf({ store: { required: true, check: async () => void rounds++ } });
    await Promise.all([health.report(), health.report(), health.report()]);
    expect(rounds).toBe(1);
  });

  it('drains once and tells its listeners', async () => {
    const health = healthOf({});
    const seen: boolean[] = [];
    const stop = health.onChange(() => seen.push(health.isServing()));
    health.drain();
    health.drain();
    stop();
    expect(seen).toEqual([false]);
    expect((await health.report()).status).toBe('draining');
  });
});

import { describe, expect, it } from 'vitest';
import type { KeyDigest } from '../../../src/keys/api-key.ts';
import type { KeyEvent } from '../../../src/keys/ports.ts';
import { createPropagation } from '../../../src/keys/propagation.ts';

const DIGEST = 'd'.repeat(43) as KeyDigest;

function setUp() {
  let nowMs = 100_000;
  const told: string[] = [];
  const propagation = createPropagation({
    clock: { wallMs: () => nowMs },
    onPropagated: (path, delayMs) => told.push(`${path} ${delayMs}`),
  });
  const event = (more: Partial<KeyEvent> = {}): KeyEvent => ({
    seq: 1,
    digest: DIGEST,
    version: 2,
    kind: 'revoked',
    atMs: 100_000,
    ...more,
  });
  const at = (ms: number) => {
    nowMs = ms;
  };
  return { propagation, told, event, at };
}

describe('createPropagation', () => {
  it('takes a change that only the feed told of from the store to the feed', () => {
    const { propagation, told, event, at } = setUp();
    at(100_640);
    propagation.fed(event(), false);
    expect(told).toEqual(['feed 640']);
  });

  it('takes a change that was announced from the store to the announcement, once its event says when it was', () => {
    const { propagation, told, event, at } = setUp();
    at(100_004);
    propagation.announced(DIGEST, 2);
    expect(told).toEqual([]);
    at(100_800);
    propagation.fed(event(), true);
    propagation.fed(event(), true);
    expect(told).toEqual(['announcement 4']);
  });

  it('says nothing of changes made here, before the start, of another version, or of new keys', () => {
    const { propagation, told, event } = setUp();
    propagation.fed(event(), true);
    propagation.fed(event({ atMs: 99_999 }), false);
    propagation.fed(event({ kind: 'created', version: 1 }), false);
    propagation.announced(DIGEST, 3);
    propagation.fed(event({ version: 2 }), true);
    expect(told).toEqual([]);
  });

  it('never answers less than nothing, whatever the clocks of the machines say', () => {
    const { propagation, told, event } = setUp();
    propagation.fed(event({ atMs: 100_500 }), false);
    expect(told).toEqual(['feed 0']);
  });
});

import type { ServerHttp2Stream } from 'node:http2';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createBodyDeadlines } from '../../../src/edge/body-deadlines.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function openStream() {
  const stream = { readableEnded: false, close: vi.fn() };
  return { ...stream, watched: stream as unknown as ServerHttp2Stream, stream };
}

describe('deadlines of bodies', () => {
  it('reset each stream when its own time is up', () => {
    const deadlines = createBodyDeadlines(1_000);
    const [first, second] = [openStream(), openStream()];
    deadlines.watch(first.watched);
    vi.advanceTimersByTime(600);
    deadlines.watch(second.watched);
    vi.advanceTimersByTime(399);
    expect(first.close).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(first.close).toHaveBeenCalledExactlyOnceWith(8);
    expect(second.close).not.toHaveBeenCalled();
    vi.advanceTimersByTime(600);
    expect(second.close).toHaveBeenCalledExactlyOnceWith(8);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('leave alone what has been read to its end, or has closed', () => {
    const deadlines = createBodyDeadlines(1_000);
    const [read, closed] = [openStream(), openStream()];
    deadlines.watch(read.watched);
    deadlines.watch(closed.watched);
    read.stream.readableEnded = true;
    deadlines.forget(closed.watched);
    vi.advanceTimersByTime(5_000);
    expect(read.close).not.toHaveBeenCalled();
    expect(closed.close).not.toHaveBeenCalled();
  });
});

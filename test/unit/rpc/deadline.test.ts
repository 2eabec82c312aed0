import { describe, expect, it } from 'vitest';
import { acceptDeadline } from '../../../src/rpc/deadline.ts';

describe('a deadline', () => {
  it.each([
    [{ 'connect-timeout-ms': '86400000' }, '86400000'],
    [{ 'connect-timeout-ms': '86400001' }, '86400000'],
    [{ 'connect-timeout-ms': 'soon' }, 'soon'],
    [{ 'grpc-timeout': '24H' }, '24H'],
    [{ 'grpc-timeout': '25H' }, '24H'],
    [{ 'grpc-timeout': '99999999S' }, '24H'],
    [{ 'grpc-timeout': '99999999m' }, '24H'],
    [{ 'grpc-timeout': '86400000m' }, '86400000m'],
    [{ 'grpc-timeout': '99999999n' }, '99999999n'],
    [{ 'grpc-timeout': '5x' }, '5x'],
  ])('%j reaches the handlers as %s', (headers, expected) => {
    const received: Record<string, string> = { ...headers };
    expect(acceptDeadline(received)).toBe(true);
    expect(Object.values(received)).toEqual([expected]);
  });

  it('is not assumed where none was sent', () => {
    expect(acceptDeadline({})).toBe(false);
  });
});

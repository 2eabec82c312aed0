import { describe, expect, it } from 'vitest';
import { Fault, faultFromUnknown } from '../../../src/fault/fault.ts';
import { REASONS } from '../../../src/fault/reasons.ts';

describe('faults', () => {
  it('tells every refused key the same, so that a prober learns nothing', () => {
    const messages = Object.entries(REASONS)
      .filter(([, spec]) => spec.code === 'unauthenticated')
      .map(([, spec]) => `${spec.status} ${spec.publicMessage}`);
    expect(new Set(messages)).toEqual(
      new Set(['401 Authentication required. Please provide a valid API token']),
    );
  });

  it('wraps an unknown error without letting its text reach the caller', () => {
    const fault = faultFromUnknown(new Error('password=hunter2'));
    expect(fault.reason).toBe('INTERNAL');
    expect(fault.publicMessage).not.toContain('hunter2');
    expect(fault.cause).toBeInstanceOf(Error);
  });

  it('passes a fault through unchanged', () => {
    const fault = new Fault('STORE_UNAVAILABLE', { retryAfterMs: 1000 });
    expect(faultFromUnknown(fault)).toBe(fault);
  });
});

import { expect } from 'vitest';
import { Fault } from '../../src/fault/fault.ts';

/** The Fault that the call throws or rejects with. Fails when it does neither, or throws anything else. */
export async function faultOf(call: () => unknown): Promise<Fault> {
  try {
    await call();
  } catch (error) {
    expect(error).toBeInstanceOf(Fault);
    if (error instanceof Fault) return error;
  }
  return expect.fail('the call went through');
}

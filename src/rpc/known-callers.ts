import type { UniversalHandlerOptions } from '@connectrpc/connect/protocol';
import { faultFromUnknown } from '../fault/fault.ts';
import { identify, type Verify } from './authenticate.ts';
import { callOf } from './call.ts';
import { refusalFrom } from './end-call.ts';

/** Lets connect's handlers read no request of anybody unknown, for methods whose requests may take much memory. */
export function knownCallers(verify: Verify): NonNullable<UniversalHandlerOptions['requestGate']> {
  return async ({ values }) => {
    const call = callOf(values);
    try {
      await identify(verify, call);
    } catch (error) {
      throw refusalFrom(faultFromUnknown(error), call.record);
    }
  };
}

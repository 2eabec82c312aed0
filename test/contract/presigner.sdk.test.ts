import { expect } from 'vitest';
import { openPresigner } from '../../src/s3/presigner.ts';
import { PRESIGNER_NOW_MS, PRESIGNER_PLACE } from './presigner/place.ts';
import { describePresigner } from './presigner.suite.ts';

describePresigner('sdk signer', (credentials) =>
  openPresigner({
    ...PRESIGNER_PLACE,
    signer: 'sdk',
    credentials,
    wallClockMs: () => PRESIGNER_NOW_MS,
    // The suite must judge this signer and not its stand-in.
    onSignerChange: ({ signer }) => expect(signer).toBe('sdk'),
    onCredentialFailure: () => {},
  }),
);

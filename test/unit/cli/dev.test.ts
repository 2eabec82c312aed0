import { expect, it } from 'vitest';
import { onLoopback } from '../../../src/cli/dev.ts';
import { loadSettings } from '../../../src/config/load-settings.ts';

/** Security property: nobody else on the network is to find a development server. */
it.each([
  ['nothing', {}, '127.0.0.1'],
  ['an empty HOST', { HOST: '' }, '127.0.0.1'],
  ['a HOST', { HOST: '0.0.0.0' }, '0.0.0.0'],
])('listens where it should with %s', (_, env, host) => {
  expect(loadSettings(onLoopback(env)).host).toBe(host);
});

it('leaves a HOST_FILE alone', () => {
  expect(onLoopback({ HOST_FILE: '/run/host' })).toEqual({ HOST_FILE: '/run/host' });
});

import { randomBytes } from 'node:crypto';
import { loadSettings } from '../config/load-settings.ts';
import { loadPeppers, type Peppers } from '../keys/peppers.ts';
import { mintToken } from '../keys/token.ts';
import { type Command, isOn } from './command.ts';
import { examplesHelp, withKeyRooms } from './connection.ts';

export const keysMint: Command = {
  options: { test: { doc: 'Mint a pse_test_ token.' } },
  details: () =>
    [
      'Give it to `presignd serve` as PRESIGND_BOOTSTRAP_KEY, or in a file as PRESIGND_BOOTSTRAP_KEY_FILE. It is made with',
      'the first of PRESIGND_KEY_PEPPERS, which the service must know, too; without any, with the pepper of the store that',
      'DATABASE_URL names.',
      ...examplesHelp('keys mint > bootstrap-key'),
    ].join('\n'),
  run: async (context) => {
    const mint = ([pepper]: Peppers): number => {
      console.log(mintToken(isOn(context, 'test') ? 'test' : 'live', pepper, randomBytes));
      console.error('Stored nowhere. `presignd serve` takes it as PRESIGND_BOOTSTRAP_KEY.');
      return 0;
    };
    const { keyPeppers } = loadSettings();
    if (keyPeppers.length === 0) return withKeyRooms(async ({ peppers }) => mint(peppers));
    // The store's own pepper, which comes last, is not needed.
    const store = { secretOnce: async (_name: string, candidate: Buffer) => candidate };
    return mint(await loadPeppers({ store, configured: keyPeppers, randomBytes }));
  },
};

import type { AuditRecord } from '../keys/ports.ts';
import { auditJson, auditTable } from './audit-entry.ts';
import { type Command, countOption, textOption } from './command.ts';
import { examplesHelp, withKeyRooms } from './connection.ts';
import { JSON_OPTION, printJson, wantsJson } from './output.ts';
import { OPERATOR } from './store-key-client.ts';

const DEFAULT_LIMIT = 50;
const PER_READ = 100;

export const keysAudit: Command = {
  options: {
    key: { value: 'KEY_ID', doc: 'Only changes of this key.' },
    owner: { value: 'OWNER', doc: "Only changes of this owner's keys." },
    limit: { value: 'N', doc: `The newest N. [${DEFAULT_LIMIT}]` },
    ...JSON_OPTION,
  },
  details: () =>
    [
      'The log is in the store that DATABASE_URL names; no server gives it out. It holds no secret. An actor is the id of',
      'the key that made the change, `cli` for these commands, `bootstrap` or `dev`.',
      ...examplesHelp('keys audit --limit 10', 'keys audit --key key_0001abcd0002efgh0003ij --json'),
    ].join('\n'),
  run: async (context) => {
    const limit = countOption(context, 'limit') ?? DEFAULT_LIMIT;
    const keyId = textOption(context, 'key');
    const owner = textOption(context, 'owner');
    return withKeyRooms(async (rooms) => {
      const keys = rooms.manage();
      const records: AuditRecord[] = [];
      while (records.length < limit) {
        const wanted = Math.min(PER_READ, limit - records.length);
        const beforeSeq = records.at(-1)?.seq;
        const read = await keys.audit({ limit: wanted, keyId, owner, beforeSeq }, OPERATOR);
        records.push(...read);
        if (read.length < wanted) break;
      }
      if (wantsJson(context)) return printJson(records.map(auditJson));
      if (records.length > 0) console.log(auditTable(records));
      else console.error('No change has been recorded.');
      return 0;
    });
  },
};

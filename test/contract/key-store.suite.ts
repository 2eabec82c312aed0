import { afterEach, beforeEach, describe } from 'vitest';
import { describeAudit } from './key-store/audit.ts';
import { describeByteLedger } from './key-store/byte-ledger.ts';
import { describeChanges } from './key-store/changes.ts';
import { describeEvents } from './key-store/events.ts';
import { describeIdempotency } from './key-store/idempotency.ts';
import { describeKeysAtRest } from './key-store/keys-at-rest.ts';
import { describeLife } from './key-store/life.ts';
import { describeLists } from './key-store/lists.ts';
import { describeModel } from './key-store/model.ts';
import { describeRaces } from './key-store/races.ts';
import { describeSecrets } from './key-store/secrets.ts';
import type { FullKeyStore, KeyStorePlace, KeyStoreSubject } from './key-store/subject.ts';
import { describeTouch } from './key-store/touch.ts';

/** What holds for every KeyStore, and for the ByteLedger that it is as well. */
export function describeKeyStore(name: string, makePlace: () => Promise<KeyStorePlace>): void {
  describe(`key store: ${name}`, () => {
    let place: KeyStorePlace;
    let store: FullKeyStore;
    const opened: FullKeyStore[] = [];

    async function open(): Promise<FullKeyStore> {
      const another = await place.open();
      opened.push(another);
      return another;
    }
    beforeEach(async () => {
      place = await makePlace();
      store = await open();
    });
    afterEach(async () => {
      await Promise.all(opened.splice(0).map((each) => each.close()));
      await place.remove();
    });

    const subject: KeyStoreSubject = { store: () => store, open };
    describeKeysAtRest(subject);
    describeChanges(subject);
    describeRaces(subject);
    describeIdempotency(subject);
    describeLists(subject);
    describeAudit(subject);
    describeEvents(subject);
    describeTouch(subject);
    describeByteLedger(subject);
    describeSecrets(subject);
    describeLife(subject);
    describeModel(makePlace);
  });
}

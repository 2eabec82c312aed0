import { describe, expect, it } from 'vitest';
import type { KeyStoreSubject } from './subject.ts';

export function describeSecrets({ store, open }: KeyStoreSubject): void {
  describe('secrets', () => {
    it('keep the first value', async () => {
      const first = Buffer.from([0, 255, 1, 2]);
      expect(await store().secretOnce('pepper', first)).toEqual(first);
      expect(await store().secretOnce('pepper', Buffer.from('later'))).toEqual(first);
      expect(await store().secretOnce('other', Buffer.from('other'))).toEqual(Buffer.from('other'));
    });

    it('are the same for all who ask at once', async () => {
      const stores = [store(), await open(), await open()];
      const answers = await Promise.all(
        stores.flatMap((each, n) => [
          each.secretOnce('pepper', Buffer.from(`candidate ${n}`)),
          each.secretOnce('pepper', Buffer.from(`second candidate ${n}`)),
        ]),
      );
      expect(new Set(answers.map(String)).size).toBe(1);
      expect(String(answers[0])).toContain('candidate');
    });
  });
}

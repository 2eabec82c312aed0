import { heapBytes } from './key-scale.ts';
import type { Section } from './options.ts';
import { openNative } from './presign.ts';
import { figure, verdict } from './table.ts';
import { CALLER, createUploadRoom, THOUSAND_PARTS } from './upload-room.ts';

const UPLOADS = 10_000;
/** Code that gets compiled, and what the heap does by itself. */
const FLAT = { limit: 100, bound: '≤', unit: ' bytes' } as const;

/** How much memory multipart uploads take that were begun and not ended. */
export const inFlight: Section = {
  name: 'in-flight',
  run: async ({ progress }) => {
    await using closing = new AsyncDisposableStack();
    const presigner = closing.adopt(await openNative(), (opened) => opened.close());

    /** `keyOf` gives the Idempotency-Key of each. */
    async function begin(label: string, keyOf: (n: number) => string | undefined): Promise<string[]> {
      const { uploads } = createUploadRoom(presigner);
      const beginOne = async (n: number) => {
        const { uploadId } = await uploads.create(THOUSAND_PARTS, CALLER, keyOf(n));
        await uploads.signParts(uploadId, { ranges: [{ first: 11, last: 20 }], parts: [] }, CALLER);
      };
      // Before anything counts, all of it is compiled.
      for (let n = 0; n < UPLOADS / 10; n++) await beginOne(n);
      const before = heapBytes();
      for (let n = 0; n < UPLOADS; n++) await beginOne(UPLOADS + n);
      const after = heapBytes();
      progress(`${label}: ${figure(before / 1e6)} MB before, ${figure(after / 1e6)} MB after`);
      const bytesEach = (after - before) / UPLOADS;
      return [
        label,
        figure(before / 1e6),
        figure(after / 1e6),
        figure(bytesEach),
        keyOf(0) === undefined ? verdict(FLAT, bytesEach) : '',
      ];
    }

    return {
      title: `Memory while ${UPLOADS.toLocaleString('en-US')} multipart uploads are in flight`,
      columns: ['uploads', 'heap MB before', 'heap MB after', 'bytes each', 'budget'],
      rows: [
        await begin('planned, 20 parts signed', () => undefined),
        await begin('the same, each with an Idempotency-Key', (n) => `order-${n}`),
      ],
    };
  },
};

import { alternate, type Subject, type Timing } from './alternate.ts';
import { EXAMPLE_REQUEST } from './example.ts';
import type { Section } from './options.ts';
import { openNative } from './presign.ts';
import { getSignedUrlSigner } from './signers.ts';
import { median, pairedRatio } from './stats.ts';
import { figure, type Table, verdict } from './table.ts';
import { CALLER, createUploadRoom, THOUSAND_PARTS } from './upload-room.ts';

const PARTS = 1_000;
const BATCH_SIZE = 100;
const PLAN_BUDGET = { limit: 15, bound: '≤', unit: ' ms' } as const;

const ORACLE = 'getSignedUrl';
const COPY = 'JSON of the same upload, there and back';

/** A row, and how many repetitions of which baseline do as much. */
interface Row extends Subject {
  readonly baseline: string;
  readonly times: number;
}

export const plans: Section = {
  name: 'plans',
  run: async (options) => {
    await using closing = new AsyncDisposableStack();
    const presigner = closing.adopt(await openNative(), (opened) => opened.close());
    const { uploads, ids } = createUploadRoom(presigner);
    const { uploadId } = await uploads.create(THOUSAND_PARTS, CALLER);
    const tracked = ids.read(uploadId, CALLER.owner);
    if (tracked === undefined) throw new Error('the upload id does not open');
    const signAll = { ranges: [{ first: 1, last: PARTS }], parts: [] };
    const { filename, contentType, size: sizeBytes } = EXAMPLE_REQUEST;
    const batch = Array.from({ length: BATCH_SIZE }, () => ({ filename, contentType, sizeBytes }));
    const rows: readonly Row[] = [
      {
        label: 'upload id: sealed',
        run: () => ids.issue(tracked, CALLER.owner),
        baseline: COPY,
        times: 1,
      },
      {
        label: 'upload id: opened',
        run: () => ids.read(uploadId, CALLER.owner),
        baseline: COPY,
        times: 1,
      },
      {
        label: `batch of ${BATCH_SIZE}, each decided, signed and tracked`,
        run: () => Promise.all(batch.map((request) => uploads.create(request, CALLER))),
        baseline: ORACLE,
        times: BATCH_SIZE,
      },
      {
        label: `${PARTS.toLocaleString('en-US')} parts, signed by upload id`,
        run: () => uploads.signParts(uploadId, signAll, CALLER),
        baseline: ORACLE,
        times: PARTS,
      },
    ];
    const { length } = await uploads.signParts(uploadId, signAll, CALLER);
    if (length !== PARTS) throw new Error(`${length} parts were signed`);
    const sign = getSignedUrlSigner();
    const baselines: readonly Subject[] = [
      { label: COPY, run: () => JSON.parse(JSON.stringify(tracked)) },
      { label: ORACLE, run: (turn) => sign(`default/${turn}/John-Doe`, Date.now()) },
    ];
    return tableFrom(rows, await alternate([...rows, ...baselines], options));
  },
};

function tableFrom(rows: readonly Row[], timings: readonly Timing[]): Table {
  const cpuOf = (label: string) => timings.find((timing) => timing.label === label)?.cpuMicros ?? [];
  const measured = rows.map(({ label, baseline, times }) => {
    const cpuMicros = cpuOf(label);
    const doneByBaseline = cpuOf(baseline).map((micros) => micros * times);
    return [
      label,
      figure(median(cpuMicros)),
      `${figure(pairedRatio(doneByBaseline, cpuMicros))} ×`,
      times === 1 ? baseline : `${times.toLocaleString('en-US')} × ${baseline}`,
      times === PARTS ? verdict(PLAN_BUDGET, median(cpuMicros) / 1_000) : '',
    ];
  });
  const baselines = [COPY, ORACLE].map((label) => [label, figure(median(cpuOf(label))), '', '', '']);
  return {
    title: 'Plans, in the uploads room',
    columns: ['work', 'CPU µs', 'the baseline takes', 'baseline', 'budget'],
    rows: [...measured, ...baselines],
  };
}

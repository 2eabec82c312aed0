import type { S3Presigner } from '../../src/s3/presigner.ts';
import type { FormPlan, GetPlan, PartsPlan } from '../../src/uploads/plan.ts';
import type { ObjectKey } from '../../src/uploads/upload.ts';
import { alternate, type Subject, type Timing } from './alternate.ts';
import type { Section } from './options.ts';
import { objectKeyOf, openNative } from './presign.ts';
import { sdkFormSigner, sdkGetSigner, sdkPartSigner } from './sdk-signers.ts';
import { median, pairedRatio } from './stats.ts';
import { type Budget, figure, type Table, verdict } from './table.ts';

const PARTS = 1_000;
const TTL_SECONDS = 900;

/** A thousand of them are 15 ms. */
const PART_BUDGET: Budget = { limit: 15, bound: '≤', unit: ' µs each' };

/** What is signed, and how the SDK signs one of it. */
interface Shape {
  readonly label: string;
  readonly native: (turn: number) => unknown;
  readonly sdk: (turn: number) => Promise<unknown>;
  /** How many are signed in one turn natively. */
  readonly times: number;
  readonly budget?: Budget;
}

export const presignShapes: Section = {
  name: 'presign-shapes',
  run: async (options) => {
    await using closing = new AsyncDisposableStack();
    const presigner = closing.adopt(await openNative(), (opened) => opened.close());
    await assertSameSignatures(presigner);
    const shapes = shapesWith(presigner);
    const subjects = shapes.flatMap(({ label, native, sdk }): Subject[] => [
      { label, run: native },
      { label: sdkLabel(label), run: sdk },
    ]);
    return tableFrom(shapes, await alternate(subjects, options));
  },
};

function shapesWith(presigner: S3Presigner): readonly Shape[] {
  const [part, get, form] = [sdkPartSigner(), sdkGetSigner(), sdkFormSigner()];
  return [
    {
      label: `a part, of ${PARTS.toLocaleString('en-US')} at once`,
      native: (turn) => presigner.presignParts(partsPlan(turn, PARTS), Date.now()),
      sdk: (turn) => part(partsPlan(turn, 1), Date.now()),
      times: PARTS,
      budget: PART_BUDGET,
    },
    {
      label: 'a GET with a disposition',
      native: (turn) => presigner.presignGet(getPlan(turn), Date.now()),
      sdk: (turn) => get(getPlan(turn), Date.now()),
      times: 1,
    },
    {
      label: 'a form',
      native: (turn) => presigner.presignForm(formPlan(turn), Date.now()),
      sdk: (turn) => form(formPlan(turn), Date.now()),
      times: 1,
    },
  ];
}

function sdkLabel(label: string): string {
  return `AWS SDK: ${label}`;
}

function partsPlan(turn: number, count: number): PartsPlan {
  return {
    objectKey: objectKeyOf(turn) as ObjectKey,
    s3UploadId: 'VXBsb2FkIElEIGZvciA2aWWpbmcncyBteS1tb3ZpZS5tMnRzIHVwbG9hZA',
    ttlSeconds: TTL_SECONDS,
    parts: Array.from({ length: count }, (_, index) => ({
      partNumber: index + 1,
      sizeBytes: 8_388_608,
      headers: {},
    })),
  };
}

function getPlan(turn: number): GetPlan {
  return {
    objectKey: objectKeyOf(turn) as ObjectKey,
    ttlSeconds: TTL_SECONDS,
    overrides: { 'response-content-disposition': 'attachment; filename="John Doe"' },
  };
}

function formPlan(turn: number): FormPlan {
  return {
    objectKey: objectKeyOf(turn) as ObjectKey,
    ttlSeconds: TTL_SECONDS,
    fields: { success_action_status: '201', 'Content-Type': 'image/png' },
    contentTypePrefix: undefined,
    minSizeBytes: 0,
    maxSizeBytes: 1_000_000,
  };
}

/** A race is fair only if both do the same work. */
async function assertSameSignatures(presigner: S3Presigner): Promise<void> {
  const atMs = Math.floor(Date.now() / 1000) * 1000;
  const { parts } = await presigner.presignParts(partsPlan(0, 1), atMs);
  const { url } = await presigner.presignGet(getPlan(0), atMs);
  const { fields } = await presigner.presignForm(formPlan(0), atMs);
  const made = [parts[0]?.url, url, fields['Policy']];
  const form = await sdkFormSigner()(formPlan(0), atMs);
  const expected = [
    await sdkPartSigner()(partsPlan(0, 1), atMs),
    await sdkGetSigner()(getPlan(0), atMs),
    form.fields['Policy'],
  ];
  for (const [index, text] of expected.entries()) {
    if (made[index] !== text) throw new Error(`the SDK signs something else: ${text}`);
  }
}

function tableFrom(shapes: readonly Shape[], timings: readonly Timing[]): Table {
  const cpuOf = (label: string) => timings.find((timing) => timing.label === label)?.cpuMicros ?? [];
  return {
    title: 'Presigning parts, reads and forms',
    columns: ['signed', 'CPU µs each', 'AWS SDK, CPU µs each', 'AWS SDK × presignd', 'budget'],
    rows: shapes.map(({ label, times, budget }) => {
      const each = cpuOf(label).map((micros) => micros / times);
      const bySdk = cpuOf(sdkLabel(label));
      return [
        label,
        figure(median(each)),
        figure(median(bySdk)),
        figure(pairedRatio(bySdk, each)),
        budget === undefined ? '' : verdict(budget, median(each)),
      ];
    }),
  };
}

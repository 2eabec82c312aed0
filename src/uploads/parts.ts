// The arithmetic of parts. Pure.
import type { PartRange } from './outcomes.ts';
import type { StoredPart } from './ports.ts';
import type { ProviderCapabilities } from './providers.ts';

const MIB = 1_048_576;

/** Small enough to be sent again after a cut, large enough that most files have few parts. */
const PART_DEFAULT_BYTES = 16 * MIB;

/** How a file is cut: every part but the last has the same size, as some providers demand. */
export interface PartLayout {
  readonly partSizeBytes: number;
  readonly partCount: number;
}

type PartLimits = Pick<ProviderCapabilities, 'partMinBytes' | 'partMaxBytes' | 'partsMax'>;

/**
 * The layout of a file of 1 byte or more: parts of the wished size, or else of 16 MiB, raised by whole MiB where the
 * file would otherwise have too many. Undefined where even the largest parts are too many.
 */
export function layOutParts(
  sizeBytes: number,
  wishedBytes: number | undefined,
  limits: PartLimits,
): PartLayout | undefined {
  const needed = Math.ceil(sizeBytes / limits.partsMax / MIB) * MIB;
  const wished = Math.max(wishedBytes ?? PART_DEFAULT_BYTES, limits.partMinBytes);
  const partSizeBytes = Math.min(Math.max(wished, needed), limits.partMaxBytes);
  const partCount = Math.ceil(sizeBytes / partSizeBytes);
  return partCount > limits.partsMax ? undefined : { partSizeBytes, partCount };
}

/** How many bytes part `partNumber` (from 1) of the file has. */
export function partBytes(partNumber: number, sizeBytes: number, partSizeBytes: number): number {
  return Math.min(partSizeBytes, sizeBytes - (partNumber - 1) * partSizeBytes);
}

/** The parts that are not there, or of another size than planned, as runs. */
export function missingParts(
  stored: readonly StoredPart[],
  sizeBytes: number,
  { partSizeBytes, partCount }: PartLayout,
): PartRange[] {
  const asPlanned = new Set(
    stored
      .filter((part) => part.sizeBytes === partBytes(part.partNumber, sizeBytes, partSizeBytes))
      .map(({ partNumber }) => partNumber),
  );
  const missing: { first: number; last: number }[] = [];
  for (let number = 1; number <= partCount; number += 1) {
    if (asPlanned.has(number)) continue;
    const run = missing.at(-1);
    if (run?.last === number - 1) run.last = number;
    else missing.push({ first: number, last: number });
  }
  return missing;
}

/** The runs for people: `1-3, 7`, and how many more there are. */
export function rangesText(ranges: readonly PartRange[], most = 10): string {
  const shown = ranges
    .slice(0, most)
    .map(({ first, last }) => (first === last ? `${first}` : `${first}-${last}`));
  const more = ranges.length - most;
  return shown.join(', ') + (more > 0 ? ` and ${more} more runs` : '');
}

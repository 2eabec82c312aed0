// Parts of multipart uploads, signed. The arithmetic is that of parts.ts.
import { Fault, type FieldViolation } from '../fault/fault.ts';
import { CHECKSUMS, isChecksumText } from './checksum-headers.ts';
import type { IssuedPart, SignPartsRequest } from './outcomes.ts';
import { partBytes } from './parts.ts';
import type { MultipartChecksum, PartsPlan } from './plan.ts';
import type { Presigner } from './ports.ts';

/** How many parts one call signs. */
export const SIGNED_PARTS_MAX = 1_000;

/** What a part needs to know of its upload. */
export interface PartsOf {
  readonly objectKey: PartsPlan['objectKey'];
  readonly s3UploadId: string;
  readonly sizeBytes: number;
  readonly partSizeBytes: number;
  readonly partCount: number;
  readonly checksum: MultipartChecksum | undefined;
}

type AskedPart = SignPartsRequest['parts'][number];

/** The parts that the request names, each once and in order, or what is wrong with it as a Fault INVALID_REQUEST. */
export function askedParts(request: SignPartsRequest, upload: PartsOf): readonly AskedPart[] | Fault {
  const fields: FieldViolation[] = [];
  const asked = new Map<number, AskedPart>();
  for (const [index, { first, last }] of request.ranges.entries()) {
    const field = `ranges[${index}]`;
    if (!isPartNumber(first, upload) || !isPartNumber(last, upload) || first > last)
      fields.push({
        field,
        message: `must be parts from 1 to ${upload.partCount}, the first not above the last`,
      });
    else if (last - first >= SIGNED_PARTS_MAX) fields.push({ field, message: tooMany() });
    else
      for (let partNumber = first; partNumber <= last; partNumber += 1) asked.set(partNumber, { partNumber });
    // A sum of ranges that nobody may ask for is not spelt out.
    if (asked.size > SIGNED_PARTS_MAX) break;
  }
  for (const [index, part] of request.parts.entries()) {
    if (isPartNumber(part.partNumber, upload)) asked.set(part.partNumber, part);
    else fields.push({ field: `parts[${index}].partNumber`, message: `must be 1 to ${upload.partCount}` });
    fields.push(...partViolations(part, index, upload));
  }
  if (fields.length === 0) fields.push(...wholeViolations(asked, upload));
  if (fields.length > 0) return new Fault('INVALID_REQUEST', { fields });
  return [...asked.values()].sort((a, b) => a.partNumber - b.partNumber);
}

/** Signs the parts. Synchronous whenever the presigner is. */
export async function issueParts(
  presigner: Presigner,
  upload: PartsOf,
  asked: readonly AskedPart[],
  ttlSeconds: number,
  nowMs: number,
): Promise<readonly IssuedPart[]> {
  const { objectKey, s3UploadId, sizeBytes, partSizeBytes, checksum } = upload;
  const parts = asked.map((part) => ({
    partNumber: part.partNumber,
    sizeBytes: partBytes(part.partNumber, sizeBytes, partSizeBytes),
    headers: headersOf(part, checksum),
  }));
  const signed = await presigner.presignParts({ objectKey, s3UploadId, ttlSeconds, parts }, nowMs);
  return signed.parts.map((one, index) => {
    const { partNumber = 0, sizeBytes: bytes = 0 } = parts[index] ?? {};
    const offsetBytes = (partNumber - 1) * partSizeBytes;
    const { expiresAtMs } = signed;
    return { ...one, partNumber, sizeBytes: bytes, offsetBytes, expiresAtMs };
  });
}

function headersOf(part: AskedPart, checksum: MultipartChecksum | undefined): Record<string, string> {
  return {
    ...(part.checksum !== undefined &&
      checksum !== undefined && { [CHECKSUMS[checksum.algorithm].header]: part.checksum }),
    ...(part.md5 !== undefined && { [CHECKSUMS.md5.header]: part.md5 }),
  };
}

function partViolations({ checksum, md5 }: AskedPart, index: number, upload: PartsOf): FieldViolation[] {
  const fields: FieldViolation[] = [];
  const refuse = (name: string, message: string) =>
    void fields.push({ field: `parts[${index}].${name}`, message });
  const algorithm = upload.checksum?.algorithm;
  if (checksum !== undefined && algorithm === undefined)
    refuse('checksum', 'must be left out: the upload was created without checksums of its parts');
  if (checksum !== undefined && algorithm !== undefined && !isChecksumText(algorithm, checksum))
    refuse('checksum', `must be the base64 of the ${CHECKSUMS[algorithm].bytes} bytes of a ${algorithm}`);
  if (md5 !== undefined && !isChecksumText('md5', md5)) refuse('md5', 'must be the base64 of 16 bytes');
  return fields;
}

function wholeViolations(asked: ReadonlyMap<number, AskedPart>, { checksum }: PartsOf): FieldViolation[] {
  if (asked.size === 0)
    return [{ field: 'parts', message: 'must name at least one part, here or in ranges' }];
  if (asked.size > SIGNED_PARTS_MAX) return [{ field: 'parts', message: tooMany() }];
  const lacking = [...asked.values()].find((part) => checksum !== undefined && part.checksum === undefined);
  if (lacking === undefined) return [];
  const message = `must give the ${checksum?.algorithm} of every part, which that of the object is made of: part ${lacking.partNumber} has none`;
  return [{ field: 'parts', message }];
}

function tooMany(): string {
  return `must come to at most ${SIGNED_PARTS_MAX} parts in one call`;
}

function isPartNumber(value: number, { partCount }: PartsOf): boolean {
  return Number.isInteger(value) && value >= 1 && value <= partCount;
}

import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { type ReceivedBody, receiveBody, type UploadBody } from './upload-body.ts';

/** A piece of an object's content, in a file whose name says nothing of the object. */
export interface Segment {
  readonly blob: string;
  readonly size: number;
}

export interface ReceivedSegment extends ReceivedBody {
  readonly segment: Segment;
}

/** Inclusive, in bytes of the whole content. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

export interface Blobs {
  /** Streams a body to disk. Leaves nothing behind when the body breaks a promise or off. */
  receive(body: UploadBody): Promise<ReceivedSegment>;
  read(segments: readonly Segment[], range: ByteRange): AsyncGenerator<Buffer>;
  /** Keeps the segments on disk while `work` runs, even if their object is replaced meanwhile. */
  holding<T>(segments: readonly Segment[], work: () => Promise<T>): Promise<T>;
  /** Deletes the segments, those that are held as soon as they no longer are. */
  remove(segments: readonly Segment[]): Promise<void>;
}

const READ_CHUNK_BYTES = 256 * 1024;

/**
 * Opens the folder of blobs, and deletes from it all that no object or part refers to: what a crash left behind.
 * @param newBlobId Makes file names; they must be unique and legal in every file system.
 */
export async function openBlobs(
  folder: string,
  referenced: ReadonlySet<string>,
  newBlobId: () => string,
): Promise<Blobs> {
  await mkdir(folder, { recursive: true });
  const leftovers = (await readdir(folder)).filter((name) => !referenced.has(name));
  await Promise.all(leftovers.map((name) => rm(path.join(folder, name), { recursive: true, force: true })));

  const holders = new Map<string, number>();
  const doomed = new Set<string>();
  const fileOf = (blob: string): string => path.join(folder, blob);

  async function release(segments: readonly Segment[]): Promise<void> {
    for (const { blob } of segments) {
      const left = (holders.get(blob) ?? 1) - 1;
      if (left > 0) holders.set(blob, left);
      else holders.delete(blob);
    }
    const free = segments.filter(({ blob }) => !holders.has(blob) && doomed.delete(blob));
    await Promise.all(free.map(({ blob }) => rm(fileOf(blob), { force: true })));
  }

  return {
    async receive(body) {
      const blob = newBlobId();
      const file = await open(fileOf(blob), 'wx');
      try {
        const received = await receiveBody(body, (piece) => file.writeFile(piece));
        await file.close();
        return { ...received, segment: { blob, size: received.size } };
      } catch (error) {
        await file.close();
        await rm(fileOf(blob), { force: true });
        throw error;
      }
    },

    async *read(segments, range) {
      let offset = 0;
      for (const { blob, size } of segments) {
        const start = Math.max(range.start - offset, 0);
        const end = Math.min(range.end - offset, size - 1);
        offset += size;
        if (start > end) continue;
        yield* createReadStream(fileOf(blob), { start, end, highWaterMark: READ_CHUNK_BYTES });
      }
    },

    async holding(segments, work) {
      for (const { blob } of segments) holders.set(blob, (holders.get(blob) ?? 0) + 1);
      try {
        return await work();
      } finally {
        await release(segments);
      }
    },

    async remove(segments) {
      for (const { blob } of segments) doomed.add(blob);
      const free = segments.filter(({ blob }) => !holders.has(blob) && doomed.delete(blob));
      await Promise.all(free.map(({ blob }) => rm(fileOf(blob), { force: true })));
    },
  };
}

import { encodeEnvelope } from '@connectrpc/connect/protocol';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { announcedLength, frameOf, onlyMessageOf } from '../../../src/rpc/grpc-frame.ts';

const anyMessage = fc.uint8Array({ maxLength: 300 });

it('frames as connect does', () => {
  fc.assert(
    fc.property(anyMessage, fc.nat({ max: 255 }), (message, flags) => {
      expect(frameOf(message, flags)).toEqual(Buffer.from(encodeEnvelope(flags, message)));
    }),
  );
});

it('takes the message out of the one frame of a body', () => {
  fc.assert(
    fc.property(anyMessage, (message) => {
      expect(onlyMessageOf(frameOf(message, 0))).toEqual(Buffer.from(message));
    }),
  );
});

it('takes nothing out of a body that is more, less or something else than one frame', () => {
  fc.assert(
    fc.property(anyMessage, fc.integer({ min: 1, max: 255 }), (message, flags) => {
      const frame = frameOf(message, 0);
      for (const body of [
        frame.subarray(0, -1),
        Buffer.concat([frame, Buffer.alloc(1)]),
        Buffer.concat([frame, frame]),
        frameOf(message, flags),
      ])
        expect(onlyMessageOf(body)).toBeUndefined();
    }),
  );
});

it('knows the announced length as soon as the prefix is whole, however it is cut', () => {
  const frame = frameOf(Buffer.alloc(70_000), 0);
  const bytes = Array.from({ length: 5 }, (_, index) => frame.subarray(index, index + 1));
  expect(announcedLength([])).toBeUndefined();
  expect(announcedLength(bytes.slice(0, 4))).toBeUndefined();
  expect(announcedLength(bytes)).toBe(70_000);
  expect(announcedLength([...bytes, frame.subarray(5)])).toBe(70_000);
  expect(announcedLength([frame])).toBe(70_000);
});

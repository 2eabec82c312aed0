import type { Chance } from './chance.ts';

/**
 * How the pieces of an input go over the wire:
 * - `http1`: one request of good framing, sent in a row with others; it must be answered once.
 * - `http2`: a header block and a body of one stream, beside others; the stream must be answered or reset.
 * - `http1-raw` and `http2-raw`: all bytes of a connection of its own; the server must answer no more than strict
 *   parsing allows, and must hang up when its client has.
 */
export type Channel = 'http1' | 'http2' | 'http1-raw' | 'http2-raw';

export const CHANNELS = ['http1', 'http2', 'http1-raw', 'http2-raw'] as const satisfies readonly Channel[];

export interface FuzzInput {
  /** `TARGET-INDEX`, which with the seed names the input. */
  readonly id: string;
  readonly channel: Channel;
  /** Written one after the other, each in a packet of its own where the network has it so. */
  readonly pieces: readonly Uint8Array[];
}

/** A source of inputs against one part of the service. */
export interface FuzzTarget {
  readonly name: string;
  /** Its share of all inputs. */
  readonly weight: number;
  /** `id` is for the request to carry, so that the log leads back to the input. */
  readonly make: (chance: Chance, id: string) => Omit<FuzzInput, 'id'>;
}

/** An input as a file that `--replay` takes. */
export function textFromInput({ id, channel, pieces }: FuzzInput, problem: string): string {
  const readable = Buffer.concat(pieces).toString('latin1').slice(0, 2_000);
  const encoded = pieces.map((piece) => Buffer.from(piece).toString('base64'));
  return `${JSON.stringify({ problem, id, channel, readable, pieces: encoded }, undefined, 2)}\n`;
}

/** @throws Error for a text that is no input */
export function inputFromText(text: string): FuzzInput {
  const { id, channel, pieces } = JSON.parse(text);
  if (typeof id !== 'string' || !CHANNELS.includes(channel) || !Array.isArray(pieces))
    throw new Error('this file holds no input: it needs id, channel and pieces');
  return { id, channel, pieces: pieces.map((piece) => Buffer.from(String(piece), 'base64')) };
}

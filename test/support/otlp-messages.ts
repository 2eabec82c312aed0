// Reads what an OTLP exporter sends, by the field numbers of opentelemetry-proto 1.x.
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';

export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

export interface SentSpan {
  readonly resource: Attributes;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly traceState: string;
  readonly name: string;
  /** 2 server, 3 client. */
  readonly kind: number;
  readonly attributes: Attributes;
  readonly events: readonly { readonly name: string; readonly attributes: Attributes }[];
  /** 2 error. */
  readonly status: number;
}

export interface SentMetric {
  readonly resource: Attributes;
  readonly name: string;
  readonly kind: 'gauge' | 'sum' | 'histogram';
  readonly points: readonly SentPoint[];
}

export interface SentPoint {
  readonly attributes: Attributes;
  /** Of a histogram, the count. */
  readonly value: number;
  readonly bucketCounts: readonly number[];
  readonly bounds: readonly number[];
}

type Value = Uint8Array | number | bigint;
/** The values of one message by field number, in their order. */
type Fields = ReadonlyMap<number, readonly Value[]>;

export function spansFrom(body: Uint8Array): SentSpan[] {
  return messages(parse(body), 1).flatMap((resourceSpans) => {
    const resource = attributesOf(message(resourceSpans, 1), 1);
    return messages(resourceSpans, 2)
      .flatMap((scopeSpans) => messages(scopeSpans, 2))
      .map((span) => ({
        resource,
        traceId: hex(span, 1),
        spanId: hex(span, 2),
        traceState: text(span, 3),
        parentSpanId: hex(span, 4),
        name: text(span, 5),
        kind: number(span, 6),
        attributes: attributesOf(span, 9),
        events: messages(span, 11).map((event) => ({
          name: text(event, 2),
          attributes: attributesOf(event, 3),
        })),
        status: number(message(span, 15), 3),
      }));
  });
}

const METRIC_KINDS = { gauge: 5, sum: 7, histogram: 9 } as const;

export function metricsFrom(body: Uint8Array): SentMetric[] {
  return messages(parse(body), 1).flatMap((resourceMetrics) => {
    const resource = attributesOf(message(resourceMetrics, 1), 1);
    return messages(resourceMetrics, 2)
      .flatMap((scopeMetrics) => messages(scopeMetrics, 2))
      .map((metric) => {
        const [kind = 'gauge', field] =
          Object.entries(METRIC_KINDS).find(([, number]) => metric.has(number)) ?? [];
        const points = messages(message(metric, field ?? 0), 1);
        return {
          resource,
          name: text(metric, 1),
          kind: kind as SentMetric['kind'],
          points: points.map((point) => (kind === 'histogram' ? histogramPoint(point) : numberPoint(point))),
        };
      });
  });
}

function numberPoint(point: Fields): SentPoint {
  const value = point.has(4) ? double(point, 4) : number(point, 6);
  return { attributes: attributesOf(point, 7), value, bucketCounts: [], bounds: [] };
}

function histogramPoint(point: Fields): SentPoint {
  return {
    attributes: attributesOf(point, 9),
    value: number(point, 4),
    bucketCounts: packed(point, 6, (reader) => Number(reader.fixed64())),
    bounds: packed(point, 7, (reader) => reader.double()),
  };
}

function parse(bytes: Uint8Array): Fields {
  const reader = new BinaryReader(bytes);
  const fields = new Map<number, Value[]>();
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    const values = fields.get(field) ?? [];
    values.push(readValue(reader, wireType));
    fields.set(field, values);
  }
  return fields;
}

function readValue(reader: BinaryReader, wireType: WireType): Value {
  switch (wireType) {
    case WireType.Varint:
      return BigInt(reader.uint64());
    case WireType.Bit64:
      return BigInt(reader.fixed64());
    case WireType.Bit32:
      return reader.fixed32();
    case WireType.LengthDelimited:
      return reader.bytes();
    default:
      throw new Error(`wire type ${wireType} does not occur in OTLP`);
  }
}

const message = (fields: Fields, field: number): Fields => messages(fields, field)[0] ?? new Map();
const messages = (fields: Fields, field: number): Fields[] => bytesOf(fields, field).map(parse);
const text = (fields: Fields, field: number): string => Buffer.concat(bytesOf(fields, field)).toString();
const hex = (fields: Fields, field: number): string => Buffer.concat(bytesOf(fields, field)).toString('hex');

function bytesOf(fields: Fields, field: number): Uint8Array[] {
  return (fields.get(field) ?? []).filter((value) => value instanceof Uint8Array);
}

function number(fields: Fields, field: number): number {
  const [value] = fields.get(field) ?? [];
  return value instanceof Uint8Array || value === undefined ? 0 : Number(value);
}

function double(fields: Fields, field: number): number {
  const [value] = fields.get(field) ?? [];
  if (typeof value !== 'bigint') return 0;
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes.readDoubleLE();
}

function packed(fields: Fields, field: number, read: (reader: BinaryReader) => number): number[] {
  return bytesOf(fields, field).flatMap((bytes) => {
    const reader = new BinaryReader(bytes);
    const values: number[] = [];
    while (reader.pos < reader.len) values.push(read(reader));
    return values;
  });
}

function attributesOf(fields: Fields, field: number): Attributes {
  return Object.fromEntries(
    messages(fields, field).map((pair) => {
      const value = message(pair, 2);
      if (value.has(1)) return [text(pair, 1), text(value, 1)];
      if (value.has(2)) return [text(pair, 1), number(value, 2) === 1];
      return [text(pair, 1), value.has(4) ? double(value, 4) : number(value, 3)];
    }),
  );
}

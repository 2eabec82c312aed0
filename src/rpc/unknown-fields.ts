import { type DescService, isMessage } from '@bufbuild/protobuf';
import type { Interceptor } from '@connectrpc/connect';
import { Fault } from '../fault/fault.ts';
import { accessRuleOf } from './access.ts';
import { guard } from './guard.ts';

/**
 * Refuses binary requests with fields that this server does not know, for the methods whose access rule says so: a
 * restriction that only a newer contract has must not get lost. JSON is judged where it is decoded.
 */
export function refuseUnknownFields(services: readonly DescService[]): Interceptor {
  const strict = new Set(
    services.flatMap(({ methods }) => methods).filter((method) => accessRuleOf(method).refuseUnknownFields),
  );
  return guard((request) => {
    if (request.stream || !strict.has(request.method)) return;
    const [number] = unknownFieldsOf(request.message);
    if (number === undefined) return;
    const message = 'is not a field of this request';
    throw new Fault('INVALID_REQUEST', { fields: [{ field: `#${number}`, message }] });
  });
}

/** The numbers of the fields that decoding did not know, at every depth: in lists, in maps and in oneofs too. */
function unknownFieldsOf(value: unknown): number[] {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return [];
  const own = isMessage(value) ? (value.$unknown ?? []).map(({ no }) => no) : [];
  return [...own, ...Object.values(value).flatMap(unknownFieldsOf)];
}

import type { DescMethod } from '@bufbuild/protobuf';
import { type ContextValues, createContextKey, createContextValues } from '@connectrpc/connect';
import type { FieldViolation } from '../fault/fault.ts';
import type { Principal } from '../keys/api-key.ts';
import type { KeyRateVerdict } from '../quota/key-limiter.ts';
import type { RequestRecord } from '../telemetry/request-record.ts';

/** A caller that reads more problems of one request than this is none: finding and reporting each costs us time. */
export const REPORTED_FIELDS_MAX = 100;

/** A field whose JSON value could not be taken as it is. */
export interface UndecodedField extends FieldViolation {
  /** A stand-in of the same magnitude is in the message: if the field's rule complains of it, the rule says it better. */
  readonly standIn: boolean;
}

/** What a door knows of a call before the chain runs. */
export interface Call {
  readonly record: RequestRecord;
  /** The `Authorization` header as it was sent. */
  readonly authorization: string | undefined;
  /** The `Origin` header as it was sent. */
  readonly origin: string | undefined;
  /** The `Idempotency-Key` header as it was sent. */
  readonly idempotencyKey: string | undefined;
  /** Sets a header of the answer, whether that will be a message or an error. */
  readonly setHeader: (name: string, value: string) => void;
  /** The caller sent a deadline: the call's signal aborts when it passes. */
  readonly hasDeadline: boolean;
  /** Fields that the door could not decode. They are reported together with those that break a rule. */
  readonly undecoded: readonly UndecodedField[];
}

const CALL = createContextKey<Call | undefined>(undefined, { description: 'call' });
const PRINCIPAL = createContextKey<Principal | undefined>(undefined, { description: 'principal' });
const RATE = createContextKey<KeyRateVerdict | undefined>(undefined, { description: 'rate' });

export function contextOf(call: Call): ContextValues {
  return createContextValues().set(CALL, call);
}

/** The call that the door put into the context. */
export function callOf(values: ContextValues): Call {
  const call = values.get(CALL);
  if (call === undefined) throw new Error('a door must put its call into the context');
  return call;
}

/** Who is calling, or undefined before authentication. */
export function principalOf(values: ContextValues): Principal | undefined {
  return values.get(PRINCIPAL);
}

/** Who is calling a method, which the chain has authenticated before. */
export function callerOf(values: ContextValues): Principal {
  const principal = principalOf(values);
  if (principal === undefined) throw new Error('the chain let an unknown caller through');
  return principal;
}

export function setPrincipal(values: ContextValues, principal: Principal): void {
  values.set(PRINCIPAL, principal);
}

/** How the call stands to the rate limit of its key, or undefined where none applies. */
export function rateOf(values: ContextValues): KeyRateVerdict | undefined {
  return values.get(RATE);
}

export function setRate(values: ContextValues, verdict: KeyRateVerdict): void {
  values.set(RATE, verdict);
}

/** `package.Service/Method`. */
export function routeOf(method: DescMethod): string {
  return `${method.parent.typeName}/${method.name}`;
}

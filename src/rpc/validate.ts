import { setImmediate as nextTurn } from 'node:timers/promises';
import type { DescMessage, DescService, Message } from '@bufbuild/protobuf';
import { create } from '@bufbuild/protobuf';
import { createValidator, type Violation } from '@bufbuild/protovalidate';
import type { Interceptor } from '@connectrpc/connect';
import { Fault, type FieldViolation } from '../fault/fault.ts';
import { callOf, REPORTED_FIELDS_MAX, routeOf, type UndecodedField } from './call.ts';
import { createPatternMatcher } from './pattern.ts';
import { describeViolation, jsonPath } from './violation-text.ts';

export interface Validation {
  /** Refuses requests that break the contract's buf.validate rules, naming every wrong field once, in field order. */
  readonly interceptor: Interceptor;
  /**
   * Compiles the rules, a method at a time so that calls can come in between: done by the first call, it would take
   * that call a hundred milliseconds. Rejects if a rule cannot be evaluated.
   */
  warm(): Promise<void>;
}

/** @throws Error at once if a method takes a stream, whose messages nothing would check. */
export function createValidation(services: readonly DescService[]): Validation {
  const methods = services.flatMap(({ methods }) => methods);
  for (const method of methods) {
    if (method.methodKind !== 'unary')
      throw new Error(`${routeOf(method)} is a stream, which is not validated`);
  }
  const validator = createValidator({ regexMatch: createPatternMatcher() });
  const violationsOf = (schema: DescMessage, message: Message): Violation[] => {
    const result = validator.validate(schema, message);
    // A rule that cannot be evaluated is the server's fault, never the caller's.
    if (result.kind === 'error') throw result.error;
    return result.violations ?? [];
  };

  return {
    interceptor: (next) => async (request) => {
      if (request.stream) throw new Error(`${routeOf(request.method)} takes a stream`);
      const schema = request.method.input;
      const { undecoded } = callOf(request.contextValues);
      const violations = violationsOf(schema, request.message);
      if (violations.length > 0 || undecoded.length > 0) {
        throw new Fault('INVALID_REQUEST', {
          fields: report(schema, request.message, violations, undecoded),
        });
      }
      return next(request);
    },
    async warm() {
      for (const { input } of methods) {
        await nextTurn();
        violationsOf(input, create(input));
      }
    },
  };
}

function report(
  schema: DescMessage,
  message: Message,
  violations: readonly Violation[],
  undecoded: readonly UndecodedField[],
): FieldViolation[] {
  const candidates = [
    ...undecoded.filter(({ standIn }) => !standIn),
    ...violations.map((violation) => ({
      field: jsonPath(violation.field),
      message: describeViolation(violation, message),
    })),
    ...undecoded.filter(({ standIn }) => standIn),
  ];
  const firstByField = new Map<string, FieldViolation>();
  for (const { field, message } of candidates) {
    if (!firstByField.has(field)) firstByField.set(field, { field, message });
  }
  return [...firstByField.values()]
    .slice(0, REPORTED_FIELDS_MAX)
    .sort((a, b) => position(schema, a.field) - position(schema, b.field));
}

/** Where the top-level field of a JSON path stands in its message. */
function position(schema: DescMessage, path: string): number {
  const [name] = path.split(/[.[]/, 1);
  return schema.fields.findIndex(({ jsonName }) => jsonName === name);
}

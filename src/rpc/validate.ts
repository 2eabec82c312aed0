import { setImmediate as nextTurn } from 'node:timers/promises';
import type { DescMessage, DescService, Message } from '@bufbuild/protobuf';
import { create } from '@bufbuild/protobuf';
import type { Violation } from '@bufbuild/protovalidate';
import type { ContextValues, Interceptor } from '@connectrpc/connect';
import { Fault, type FieldViolation } from '../fault/fault.ts';
import { callOf, REPORTED_FIELDS_MAX, routeOf, type UndecodedField } from './call.ts';
import { guard } from './guard.ts';
import { createLateValidator } from './late-validator.ts';
import { createPatternMatcher } from './pattern.ts';
import { createSureValidity } from './sure-validity.ts';
import { type ItemList, isInItem, itemLists, undecodedItem, undecodedOfItem } from './validated-items.ts';
import { describeViolation, jsonPath } from './violation-text.ts';

export interface Validation {
  /** Refuses requests that break the contract's buf.validate rules, naming every wrong field once, in field order. */
  readonly interceptor: Interceptor;
  /**
   * Throws a Fault INVALID_REQUEST for an item, the one at `index` of a list that the contract leaves to be validated
   * item by item: the interceptor, which the request has passed, looks at such lists, and not into their items. Fields
   * are named within the item, and an item that is none at all by its place in the list.
   */
  checkItem(list: ItemList, index: number, item: Message, values: ContextValues): void;
  /**
   * Loads and compiles the rules, a method at a time so that calls can come in between: done by the first call, it would
   * take that call a hundred milliseconds and more. Rejects if a rule cannot be evaluated.
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
  const regexMatch = createPatternMatcher();
  const { load, violationsOf } = createLateValidator({ regexMatch });
  const isSurelyValid = createSureValidity(regexMatch);
  const withItems = new Set(methods.map(({ input }) => input).filter((input) => itemLists(input).length > 0));

  const refuse = (schema: DescMessage, message: Message, undecoded: readonly UndecodedField[]) => {
    if (undecoded.length === 0 && isSurelyValid(schema, message)) return;
    const violations = violationsOf(schema, message);
    if (violations.length === 0 && undecoded.length === 0) return;
    throw new Fault('INVALID_REQUEST', { fields: report(schema, message, violations, undecoded) });
  };

  return {
    interceptor: guard((request) => {
      if (request.stream) throw new Error(`${routeOf(request.method)} takes a stream`);
      const schema = request.method.input;
      const { undecoded: all } = callOf(request.contextValues);
      const undecoded = all.length === 0 ? all : ofRequest(schema, all);
      const judge = () => refuse(schema, request.message, undecoded);
      // Items are judged later, by who cannot wait.
      const mayNeedRules = all.length > 0 || withItems.has(schema) || !isSurelyValid(schema, request.message);
      return mayNeedRules ? (load()?.then(judge) ?? judge()) : undefined;
    }),
    checkItem(list, index, item, values) {
      const { undecoded } = callOf(values);
      const whole = undecodedItem(list, index, undecoded);
      if (whole !== undefined) {
        const { field, message } = whole;
        throw new Fault('INVALID_REQUEST', { fields: [{ field, message }] });
      }
      refuse(list.message, item, undecodedOfItem(list, index, undecoded));
    },
    async warm() {
      await load();
      for (const { input } of methods) {
        for (const schema of [input, ...itemLists(input).map(({ message }) => message)]) {
          await nextTurn();
          violationsOf(schema, create(schema));
        }
      }
    },
  };
}

/** What could not be decoded of the request itself. Of more than anybody is told of, what came after is not known. */
function ofRequest(schema: DescMessage, undecoded: readonly UndecodedField[]): readonly UndecodedField[] {
  const lists = undecoded.length < REPORTED_FIELDS_MAX ? itemLists(schema) : [];
  return undecoded.filter((problem) => !lists.some((list) => isInItem(list, problem)));
}

function report(
  schema: DescMessage,
  message: Message,
  violations: readonly Violation[],
  undecoded: readonly UndecodedField[],
): FieldViolation[] {
  const candidates = [
    ...undecoded.filter(({ standIn }) => !standIn),
    ...violations
      .map((violation) => ({
        field: jsonPath(violation.field),
        message: describeViolation(violation, message),
      }))
      .filter(({ field }) => !undecoded.some((whole) => isWithin(field, whole))),
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

/** A message that could not be decoded at all lacks every field, which says nothing. */
function isWithin(path: string, { field, standIn }: UndecodedField): boolean {
  return !standIn && (path.startsWith(`${field}.`) || path.startsWith(`${field}[`));
}

/** Where the top-level field of a JSON path stands in its message. */
function position(schema: DescMessage, path: string): number {
  const [name] = path.split(/[.[]/, 1);
  return schema.fields.findIndex(({ jsonName }) => jsonName === name);
}

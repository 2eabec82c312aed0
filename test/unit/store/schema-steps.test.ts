import { describe, expect, it } from 'vitest';
import { POSTGRES_STEPS } from '../../../src/store/postgres-steps.ts';
import { planMigration, usableFrom } from '../../../src/store/schema-steps.ts';
import { SQLITE_STEPS } from '../../../src/store/sqlite-steps.ts';

const stepsOf = (...compatible: readonly boolean[]) =>
  compatible.map((each) => ({ sql: '', compatible: each }));
const state = (version: number) => ({ version, usableFrom: undefined });

describe('usableFrom', () => {
  it.each([
    [[false], 1, 1],
    [[false, true], 2, 1],
    [[false, true, true], 3, 1],
    [[false, false], 2, 2],
    [[false, true, false, true], 4, 3],
    [[false, true, false, true], 2, 1],
    [[true, true], 2, 1],
  ])('of steps that are compatible as in %j, version %i is %i', (compatible, version, expected) => {
    expect(usableFrom(stepsOf(...compatible), version)).toBe(expected);
  });

  it('does not let a program without policies go on', () => {
    expect(usableFrom(SQLITE_STEPS, 2)).toBe(2);
    expect(usableFrom(POSTGRES_STEPS, 1)).toBe(1);
  });
});

describe('planMigration', () => {
  it.each([
    ['nothing to do', [false, true], 2, { from: 2, to: 2, rolling: true }],
    ['a newer schema', [false], 2, { from: 2, to: 2, rolling: true }],
    ['no schema, which nobody uses', [false, false], 0, { from: 0, to: 2, rolling: true }],
    ['compatible steps', [false, true, true], 1, { from: 1, to: 3, rolling: true }],
    ['a step that is not', [false, true, false], 1, { from: 1, to: 3, rolling: false }],
    ['a step that is not, before', [false, false, true], 2, { from: 2, to: 3, rolling: true }],
  ])('tells of %s whether what runs may go on', (_, compatible, version, plan) => {
    expect(planMigration(state(version), stepsOf(...compatible))).toEqual(plan);
  });
});

import { expect, it } from 'vitest';
import { Fault } from '../../../src/fault/fault.ts';
import { postgresFault, wasUndone } from '../../../src/store/postgres-fault.ts';

const answerOf = (code: string, message = 'no') =>
  Object.assign(new Error(message), { code, detail: 'Key (digest)=(a digest) exists', client: 'a password' });

it.each([
  ['23505', 'INTERNAL'],
  ['22021', 'INTERNAL'],
  ['42P01', 'STORE_UNAVAILABLE'],
  ['42501', 'STORE_UNAVAILABLE'],
  ['25006', 'STORE_UNAVAILABLE'],
  ['28P01', 'STORE_UNAVAILABLE'],
  ['53100', 'STORE_UNAVAILABLE'],
  ['53300', 'STORE_UNAVAILABLE'],
  ['57014', 'STORE_UNAVAILABLE'],
  ['57P03', 'STORE_UNAVAILABLE'],
  ['ECONNREFUSED', 'STORE_UNAVAILABLE'],
  ['a code of tomorrow', 'STORE_UNAVAILABLE'],
])('blames the values only where the server does: %s', (code, reason) => {
  expect(postgresFault(answerOf(code)).reason).toBe(reason);
});

/** Security property: what an error of pg carries beside its message goes no further. */
it('keeps nothing of an error but its message and its code', () => {
  const { cause } = postgresFault(answerOf('23505', 'duplicate key'));
  expect(cause).toEqual(Object.assign(new Error('duplicate key'), { code: '23505' }));
  expect(Object.keys(cause ?? {})).toEqual(['code']);
});

it('tells what happened at each address of a host', () => {
  const refused = (address: string) => Object.assign(new Error(`connect ECONNREFUSED ${address}`));
  const fault = postgresFault(new AggregateError([refused('::1'), refused('127.0.0.1')], ''));
  expect(String(fault.cause)).toContain('connect ECONNREFUSED ::1; connect ECONNREFUSED 127.0.0.1');
});

it('leaves a Fault as it is', () => {
  const fault = new Fault('CHANGE_CONFLICT');
  expect(postgresFault(fault)).toBe(fault);
});

it.each([
  ['a deadlock', answerOf('40P01'), 5_000, true],
  ['a serialization failure', answerOf('40001'), 5_000, true],
  ['a connection that was dead at once', new Error('Connection terminated unexpectedly'), 10, true],
  ['a server that was shut down before', answerOf('57P01'), 10, true],
  ['a connection that died later', answerOf('ECONNRESET'), 300, false],
  ['a refused connection', answerOf('ECONNREFUSED'), 10, false],
  ['a key that exists', answerOf('23505'), 10, false],
  ['a Fault', postgresFault(answerOf('57P01')), 10, false],
])('knows what may be tried again: %s', (_, error, elapsedMs, again) => {
  expect(wasUndone(error, elapsedMs)).toBe(again);
});

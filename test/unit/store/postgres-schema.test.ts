import { expect, it } from 'vitest';
import { inOurSchema } from '../../../src/store/postgres-schema.ts';

it.each([
  ['SELECT * FROM api_keys WHERE id = $1', 'SELECT * FROM presignd.api_keys WHERE id = $1'],
  [
    'INSERT INTO api_key_events (a) VALUES ($1) ON CONFLICT DO UPDATE SET a = 1',
    'INSERT INTO presignd.api_key_events (a) VALUES ($1) ON CONFLICT DO UPDATE SET a = 1',
  ],
  ['UPDATE api_keys SET id = $1', 'UPDATE presignd.api_keys SET id = $1'],
  ['DELETE FROM idempotency_keys', 'DELETE FROM presignd.idempotency_keys'],
  ['SELECT 1 FROM presignd.api_keys', 'SELECT 1 FROM presignd.api_keys'],
  ['SELECT 1 FROM unnest($1::text[])', 'SELECT 1 FROM unnest($1::text[])'],
])('leads a statement to our schema, wherever the search_path leads: %s', (sql, expected) => {
  expect(inOurSchema(sql)).toBe(expected);
});

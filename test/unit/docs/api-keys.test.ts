import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { keysCreate } from '../../../src/cli/keys-create.ts';
import { SETTINGS } from '../../../src/config/settings.ts';
import { SCOPES } from '../../../src/keys/api-key.ts';
import { POLICY_FIELDS } from '../../../src/keys/policy-input.ts';
import { TOKEN_PATTERN } from '../../../src/keys/token.ts';

const page = readFileSync(join(import.meta.dirname, '../../../docs/api-keys.md'), 'utf8');

/** The first column of the table below this head, without its quotes. */
function firstColumnOf(head: string): string[] {
  const [, table = ''] = page.split(`| ${head} |`);
  const rows = (table.split('\n\n')[0] ?? '').split('\n').slice(2);
  return rows.map((row) => row.split('|')[1]?.trim().replaceAll('`', '') ?? '');
}

/** Security property: secret scanners that people set up from the docs find every key. */
it('has the pattern of secrets that the service makes', () => {
  const [, pattern] = /```regex\n(.*)\n```/.exec(page) ?? [];
  expect(pattern).toBe(TOKEN_PATTERN);
});

it('explains every scope and every rule of a policy', () => {
  expect(firstColumnOf('Scope')).toEqual([...SCOPES]);
  const rules = Object.values(POLICY_FIELDS).map((field) => field.replace('policy.', ''));
  expect(firstColumnOf('Rule of `policy`')).toEqual(rules);
});

it('names settings and options that exist', () => {
  const known = [
    ...Object.values(SETTINGS).flatMap(({ name }) => [name, `${name}_FILE`]),
    'PRESIGND_API_KEY',
    'PRESIGND_API_KEY_FILE',
  ];
  const named = [...page.matchAll(/\bPRESIGND_[A-Z_]+/g)].map(([name]) => name);
  expect(named.filter((name) => !known.includes(name))).toEqual([]);
  const tables = page.slice(page.indexOf('| Rule of'), page.indexOf('## Lifecycle'));
  const options = [...tables.matchAll(/`--([a-z-]+)/g)].map(([, option = '']) => option);
  expect(options.length).toBeGreaterThan(8);
  expect(options.filter((option) => !(option in keysCreate.options))).toEqual([]);
});

import { Client } from 'pg';
import { afterAll, expect, it } from 'vitest';
import { clientConfigFromUrl } from '../../../src/store/postgres-url.ts';

const warnings: Error[] = [];
const onWarning = (warning: Error) => warnings.push(warning);
process.on('warning', onWarning);
afterAll(() => {
  process.off('warning', onWarning);
});

it.each([
  ['', false],
  ['?sslmode=disable', false],
  ['?sslmode=no-verify', { rejectUnauthorized: false }],
  ['?sslmode=prefer', {}],
  ['?sslmode=require', {}],
  ['?sslmode=verify-ca', {}],
  ['?sslmode=verify-full', {}],
  ['?uselibpqcompat=true&sslmode=require', { rejectUnauthorized: false }],
])(
  'takes TLS from the URL, where a mode either verifies or says that it does not: %j',
  async (query, ssl) => {
    const client = new Client(clientConfigFromUrl(`postgres://user@db/keys${query}`));
    expect(client.ssl).toEqual(ssl);
    // Warnings are emitted a tick later.
    await new Promise(setImmediate);
    expect(warnings).toEqual([]);
  },
);

it('hands user, password, address, database and options to pg as they are', () => {
  const url =
    'postgres://o%27neil:p%40ss%2Fword@db.example:6432/ke%20ys?sslmode=require&options=-c%20search_path%3Dx';
  const client = new Client(clientConfigFromUrl(url));
  expect(client).toMatchObject({
    user: "o'neil",
    host: 'db.example',
    port: 6432,
    database: 'ke ys',
    connectionParameters: { options: '-c search_path=x' },
  });
  expect(client.password).toBe('p@ss/word');
});

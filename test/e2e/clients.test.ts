import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { describeUnless, describeWith } from '../support/available.ts';
import { openDevService, openServiceOnMinio, type Service } from '../support/service.ts';
import { createTestCa, issueServerCertificate } from '../support/test-certificates.ts';
import { missingTool, runTool } from '../support/tool.ts';

interface Client {
  readonly name: string;
  readonly program: string;
  /** In front of the client's own arguments. */
  readonly args: readonly string[];
  /** What must work for the client to work. */
  readonly needs: readonly string[];
}

const source = (name: string) => join(import.meta.dirname, 'clients', name);

/** The clients that the contract gives examples for, each with the library that people take there. */
const CLIENTS: readonly Client[] = [
  { name: 'curl', program: 'bash', args: [source('curl.sh')], needs: ['-c', 'curl --version'] },
  {
    name: 'Python requests',
    program: 'python3',
    args: [source('requests_client.py')],
    needs: ['-c', 'import requests'],
  },
  { name: 'fetch', program: process.execPath, args: [source('fetch.mjs')], needs: ['--version'] },
  { name: 'Go net/http', program: 'go', args: ['run', source('net_http.go')], needs: ['version'] },
  { name: 'Ruby net/http', program: 'ruby', args: [source('net_http.rb')], needs: ['--version'] },
];

const clients = await Promise.all(
  CLIENTS.map(async (client) => ({ ...client, missing: await missingTool(client.program, client.needs) })),
);

/** Type, name and size of the contract's own example. */
const FILE = { name: 'John Doe', type: 'example_string', content: randomBytes(42) } as const;

/** How each client is told of a CA of one's own: from outside, for none of the programs knows of it. */
const CA_VARIABLES = ['CURL_CA_BUNDLE', 'REQUESTS_CA_BUNDLE', 'NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE'];

function describeClients(open: () => Promise<Service>, ca?: string): void {
  let service: Service;
  let path: string;
  let env: Record<string, string>;
  beforeAll(async () => {
    service = await open();
    path = join(service.sandbox.folder, FILE.name);
    await writeFile(path, FILE.content);
    const caFile = join(service.sandbox.folder, 'ca.pem');
    if (ca !== undefined) await writeFile(caFile, ca);
    const inherited = Object.entries(process.env).filter(
      (entry): entry is [string, string] => entry[1] !== undefined,
    );
    env = Object.fromEntries([
      ...inherited,
      ...(ca === undefined ? [] : CA_VARIABLES).map((name) => [name, caFile]),
    ]);
  });
  afterAll(() => service[Symbol.asyncDispose]());

  for (const { name, program, args, missing } of clients) {
    describeUnless(missing, name, () => {
      // Compiling the Go client for the first time takes a while.
      it('uploads a file with the answer, and everyone can read it', { timeout: 180_000 }, async () => {
        const given = [...args, service.url, service.token, path, FILE.type];
        const { code, stdout, stderr } = await runTool(program, given, { env });
        expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
        const { publicUrl } = JSON.parse(stdout);
        const read = await fetch(publicUrl);
        expect(read.headers.get('content-type')).toBe(FILE.type);
        expect(Buffer.from(await read.arrayBuffer()).equals(FILE.content)).toBe(true);
      });

      it('is refused with a key that does not exist', { timeout: 180_000 }, async () => {
        const given = [...args, service.url, 'no-key', path, FILE.type];
        const { code, stdout, stderr } = await runTool(program, given, { env });
        expect(code).not.toBe(0);
        expect(stdout + stderr).toContain('401');
      });
    });
  }
}

describeWith('minio', 'clients of presignd serve on MinIO', (minio) => {
  describeClients(() => openServiceOnMinio(minio, inject('redisUrl')));
});

describe('clients of presignd dev', () => {
  describeClients(() => openDevService());
});

describe('clients of presignd dev over TLS', async () => {
  const ca = await createTestCa();
  const { cert, key } = await issueServerCertificate(ca);
  describeClients(() => openDevService({ PRESIGND_TLS_CERT: cert, PRESIGND_TLS_KEY: key }), ca.cert);
});

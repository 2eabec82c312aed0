import { mkdtemp } from 'node:fs/promises';
import { Agent } from 'node:https';
import { join } from 'node:path';
import { type CertificateFolder, createCertificateFolder } from './certificate-folder.ts';
import type { Program } from './program.ts';
import { type Environment, openSandbox, type Sandbox } from './sandbox.ts';
import {
  createTestCa,
  issueServerCertificate,
  type TestCa,
  type TestCertificate,
} from './test-certificates.ts';

/** A running `presignd serve` with a certificate, that of a CA which it believes of its clients, too. */
export interface SecuredService extends AsyncDisposable {
  readonly sandbox: Sandbox;
  readonly program: Program;
  readonly ca: TestCa;
  readonly certificates: CertificateFolder;
  readonly token: string;
  /** Trusts the CA, and shows a certificate where there is one. */
  agent(certificate?: TestCertificate): Agent;
}

export async function openSecuredService(env: Environment): Promise<SecuredService> {
  const ca = await createTestCa();
  const sandbox = await openSandbox(env);
  try {
    const folder = await mkdtemp(join(sandbox.folder, 'tls-'));
    const certificates = await createCertificateFolder(folder, await issueServerCertificate(ca), ca.cert);
    const { token } = await sandbox.createKey(['--owner', 'acme']);
    const program = await sandbox.start('serve', certificates.env);
    const agent = (certificate?: TestCertificate) => new Agent({ ca: ca.cert, ...certificate });
    const dispose = () => sandbox[Symbol.asyncDispose]();
    return { sandbox, program, ca, certificates, token, agent, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await sandbox[Symbol.asyncDispose]();
    throw error;
  }
}

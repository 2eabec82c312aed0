import { mkdtemp, writeFile } from 'node:fs/promises';
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
  /** Has the list of the CA revoke these, where the service was opened with one. */
  revoke(...certificates: readonly TestCertificate[]): Promise<void>;
  /** Trusts the CA, and shows a certificate where there is one. */
  agent(certificate?: TestCertificate): Agent;
}

/** @param revocable With a list of the CA, which revokes nothing at first. */
export async function openSecuredService(
  env: Environment,
  { revocable = false }: { readonly revocable?: boolean } = {},
): Promise<SecuredService> {
  const ca = await createTestCa();
  const sandbox = await openSandbox(env);
  try {
    const folder = await mkdtemp(join(sandbox.folder, 'tls-'));
    const certificates = await createCertificateFolder(folder, await issueServerCertificate(ca), ca.cert);
    const { token } = await sandbox.createKey(['--owner', 'acme']);
    const listPath = join(folder, 'ca.crl');
    const revoke = async (...revoked: readonly TestCertificate[]) =>
      writeFile(listPath, await ca.revoke(revoked));
    await revoke();
    const program = await sandbox.start('serve', {
      ...certificates.env,
      ...(revocable && { PRESIGND_TLS_CLIENT_CRL_FILE: listPath }),
    });
    const agent = (certificate?: TestCertificate) => new Agent({ ca: ca.cert, ...certificate });
    const dispose = () => sandbox[Symbol.asyncDispose]();
    return { sandbox, program, ca, certificates, token, revoke, agent, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await sandbox[Symbol.asyncDispose]();
    throw error;
  }
}

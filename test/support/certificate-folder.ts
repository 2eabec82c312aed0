import { mkdir, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestCertificate } from './test-certificates.ts';

/** A folder as Kubernetes mounts a secret: files are links into a folder of one version, which is swapped as a whole. */
export interface CertificateFolder {
  /** The settings that name its files. */
  readonly env: {
    readonly PRESIGND_TLS_CERT_FILE: string;
    readonly PRESIGND_TLS_KEY_FILE: string;
    readonly PRESIGND_TLS_CLIENT_CA_FILE: string;
  };
  /** Swaps all files at once. */
  swap(pair: TestCertificate): Promise<void>;
  /** Writes one file where it is, as a script that copies one after the other would. */
  overwrite(name: 'tls.crt' | 'tls.key', text: string): Promise<void>;
  /** Puts a file of its own where a link was taken away. */
  restore(name: 'tls.crt' | 'tls.key', text: string): Promise<void>;
}

export async function createCertificateFolder(
  folder: string,
  pair: TestCertificate,
  clientCa: string,
): Promise<CertificateFolder> {
  let version = 0;
  const at = (...names: string[]) => join(folder, ...names);

  async function swap({ cert, key }: TestCertificate): Promise<void> {
    version += 1;
    const name = `..version-${version}`;
    await mkdir(at(name), { recursive: true });
    await writeFile(at(name, 'tls.crt'), cert);
    await writeFile(at(name, 'tls.key'), key);
    await writeFile(at(name, 'ca.crt'), clientCa);
    await symlink(name, at('..data_tmp'));
    await rename(at('..data_tmp'), at('..data'));
  }

  await swap(pair);
  for (const name of ['tls.crt', 'tls.key', 'ca.crt']) await symlink(join('..data', name), at(name));
  return {
    env: {
      PRESIGND_TLS_CERT_FILE: at('tls.crt'),
      PRESIGND_TLS_KEY_FILE: at('tls.key'),
      PRESIGND_TLS_CLIENT_CA_FILE: at('ca.crt'),
    },
    swap,
    restore: (name, text) => writeFile(at(name), text),
    overwrite: (name, text) => writeFile(at('..data', name), text),
  };
}

// Where the Connect project's conformance runner is found, or else where it comes from.
import { join } from 'node:path';
import { run } from './run.ts';

/** A Go module. The contract that the test server speaks with the runner is of the same version. */
export const CONFORMANCE_MODULE = 'connectrpc.com/conformance@v1.0.7';

const PROGRAM = 'connectconformance';
const VERSION = CONFORMANCE_MODULE.slice(CONFORMANCE_MODULE.indexOf('@') + 1);

export interface Runner {
  /** A name on the PATH, or a path. */
  readonly program: string;
}

/** The runner of the right version: the one on the PATH or among Go's programs, or one that Go builds now. */
export function findRunner(): Runner | { readonly missing: string } {
  const go = run('go', ['env', 'GOBIN', 'GOPATH']);
  const [bin = '', path = ''] = go.ok ? go.output.split('\n') : [];
  const candidates = [PROGRAM, ...(go.ok ? [join(bin || join(path, 'bin'), PROGRAM)] : [])];
  const known = candidates.find(hasRightVersion);
  if (known !== undefined) return { program: known };
  if (!go.ok)
    return { missing: `neither ${PROGRAM} ${VERSION} nor Go, which could build it, is on the PATH` };
  const [module, version] = CONFORMANCE_MODULE.split('@');
  const install = run('go', ['install', `${module}/cmd/${PROGRAM}@${version}`]);
  if (!install.ok) return { missing: `go install failed: ${install.output.split('\n').at(-1)}` };
  const built = candidates.find(hasRightVersion);
  return built === undefined ? { missing: `go install left no ${PROGRAM} ${VERSION}` } : { program: built };
}

function hasRightVersion(program: string): boolean {
  const { ok, output } = run(program, ['--version']);
  return ok && output.endsWith(` ${VERSION}`);
}

import { randomUUID } from 'node:crypto';
import { guard } from './guard.ts';
import { withFreePort } from './server-start.ts';
import { runTool } from './tool.ts';

const LABEL = 'presignd.test-server';

/** Runs the docker command line, and answers what it printed on stdout. Throws with all of it when it fails. */
export async function docker(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await runTool('docker', args);
  if (code !== 0) throw new Error(`docker ${args[0]} failed:\n${stdout}${stderr}`);
  return stdout.trim();
}

/**
 * Why no image can be built on this base here; undefined where one can. The base is pulled if need be.
 * Throws with the reason where CI=true, as no suite may be skipped there.
 */
export async function missingForBuild(baseImage: string): Promise<string | undefined> {
  try {
    await docker('version', '--format', '{{.Server.Version}}');
    await docker('image', 'inspect', baseImage).catch(() => docker('pull', baseImage));
    return undefined;
  } catch (error) {
    if (process.env['CI'] === 'true') throw error;
    return `a Docker engine with the image ${baseImage} (${error})`;
  }
}

export interface RunningContainer {
  readonly id: string;
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  remove(): Promise<void>;
}

/** Starts a container of the image whose port is open on 127.0.0.1. `options` are those of `docker run`. */
export async function runContainer(
  image: string,
  containerPort: number,
  options: readonly string[],
): Promise<RunningContainer> {
  const label = `${LABEL}=${randomUUID()}`;
  const forget = guard({ kind: 'container', id: label });
  return withFreePort(async (port) => {
    const open = `127.0.0.1:${port}:${containerPort}`;
    const id = await docker('run', '--detach', '--label', label, '--publish', open, ...options, image);
    return {
      id,
      url: `http://127.0.0.1:${port}`,
      async remove() {
        await docker('rm', '--force', '--volumes', id);
        forget();
      },
    };
  });
}

import { randomUUID } from 'node:crypto';
import { guard } from './guard.ts';
import { untilAnswers, withFreePort } from './server-start.ts';
import type { ServerSpec, TestServer } from './test-server.ts';

const LABEL = 'presignd.test-server';

/** Starts the server in a container. Throws when no Docker engine answers or the image cannot be had. */
export async function startContainer(spec: ServerSpec): Promise<TestServer> {
  // Loading the library takes longer than many a test file, which may never need it.
  const { GenericContainer, getContainerRuntimeClient } = await import('testcontainers');
  const runtime = await getContainerRuntimeClient();
  const label = randomUUID();
  const forget = guard({ kind: 'container', id: `${LABEL}=${label}` });
  const { started, port } = await withFreePort(async (port) => {
    const container = new GenericContainer(spec.image)
      .withLabels({ [LABEL]: label })
      .withEnvironment({ ...spec.environment })
      .withTmpFs({ ...spec.containerTmpFs });
    if (spec.hostNetworkCommand === undefined) {
      container
        .withCommand([...spec.containerCommand])
        // Docker draws a random host port anew on every restart; only a chosen one lets the address live on.
        .withExposedPorts({ container: spec.containerPort, host: port });
    } else {
      container.withCommand([...spec.hostNetworkCommand(port)]).withNetworkMode('host');
    }
    return { started: await container.start(), port };
  });
  // The name may resolve to ::1 first, where the engine does not always listen.
  const isLocal = spec.hostNetworkCommand !== undefined || started.getHost() === 'localhost';
  const host = isLocal ? '127.0.0.1' : started.getHost();
  const container = runtime.container.getById(started.getId());
  const answers = () => spec.answers(host, port);
  await untilAnswers(answers);
  return {
    host,
    port,
    runs: `container ${spec.image}`,
    pause: () => container.pause(),
    resume: () => container.unpause(),
    async kill() {
      await container.kill();
      await container.wait();
    },
    async restart() {
      await container.restart({ t: 0 });
      await untilAnswers(answers);
    },
    async stop() {
      await container.remove({ force: true, v: true });
      forget();
    },
  };
}

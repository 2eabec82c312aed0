import { describe, expect, it } from 'vitest';
import { createOnePortServer } from '../../../src/edge/listen.ts';
import { openRawConnection } from '../../support/raw-connection.ts';
import { edgePerTest, eventually, expectAlive } from './support.ts';

const start = edgePerTest();

describe('the listener', () => {
  it('closes connections beyond its bound on arrival, and takes new ones when there is room again', async () => {
    const edge = await start({ limits: { maxConnections: 2 } });
    const [first, second] = await Promise.all([openRawConnection(edge.port), openRawConnection(edge.port)]);
    await eventually(() => edge.server.connectionCount() === 2);
    expect(await (await openRawConnection(edge.port)).closed).toBe('');
    first?.socket.destroy();
    second?.socket.destroy();
    await eventually(() => edge.server.connectionCount() === 0);
    await expectAlive(edge.port);
  });

  it('rejects when the port is taken, and shuts down without ever having listened', async () => {
    const edge = await start();
    const other = createOnePortServer(() => {});
    await expect(other.listen(edge.port, '127.0.0.1')).rejects.toMatchObject({ code: 'EADDRINUSE' });
    expect(other.address()).toBeUndefined();
    expect(edge.server.address()?.port).toBe(edge.port);
    expect(await other.shutdown(50)).toEqual({ clean: true, cutConnections: 0, cutCalls: [] });
  });
});

import { expect, it } from 'vitest';
import { groupCalls } from '../../../src/edge/running-calls.ts';
import { doorAt, heldDoor, startEdge } from './support.ts';

const call = (protocol: string, route: string) => ({
  protocol,
  route,
  requestId: 'req',
  startedAtMs: 0,
  remoteAddress: '192.0.2.1',
  code: 'ok',
});

it('counts calls by protocol and route, and tells nothing else of them', () => {
  const groups = groupCalls([call('rest', 'a'), call('grpc', 'a'), call('rest', 'a')]);
  expect(groups).toEqual([
    { protocol: 'rest', route: 'a', calls: 2 },
    { protocol: 'grpc', route: 'a', calls: 1 },
  ]);
});

it('a shutdown tells of the calls that it cut, and of no other', async () => {
  const held = heldDoor();
  const edge = await startEdge({ doors: [doorAt({ '/held': held.handler })] });
  const cut = fetch(`http://127.0.0.1:${edge.port}/held?secret=1`).catch(() => 'cut');
  await expect.poll(() => held.calls.length).toBe(1);
  expect(await edge.server.shutdown(0)).toEqual({
    clean: false,
    cutConnections: 1,
    cutCalls: [{ protocol: 'http', route: 'unmatched', calls: 1 }],
  });
  expect(await cut).toBe('cut');
  await edge.untilEnded(1);
});

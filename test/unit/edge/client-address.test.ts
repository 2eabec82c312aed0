import { text } from 'node:stream/consumers';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { createClientAddress } from '../../../src/edge/client-address.ts';
import type { HttpRequest } from '../../../src/rpc/http-handler.ts';
import { openRawConnection } from '../../support/raw-connection.ts';
import { doorAt, echo, openHttp2, sendHttp2, startEdge, type TestEdge } from './support.ts';

const PROXIES = ['10.0.0.0/8', '192.0.2.7', '::1', 'fd00::/8'];
const clientAddress = createClientAddress(PROXIES);

/** As much of a request as its address is read from. */
function requestFrom(remoteAddress: string | undefined, forwarded?: string | string[]): HttpRequest {
  const headers = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded };
  return { socket: { remoteAddress }, headers } as unknown as HttpRequest;
}

function clientOf(peer: string | undefined, forwarded?: string | string[]): string {
  return clientAddress(requestFrom(peer, forwarded));
}

describe('the client’s address', () => {
  it('is the peer’s without trusted proxies, whatever the header says', () => {
    const ofPeer = createClientAddress([]);
    expect(ofPeer(requestFrom('10.0.0.1', '203.0.113.9'))).toBe('10.0.0.1');
    expect(ofPeer(requestFrom(undefined))).toBe('');
  });

  it.each([
    ['10.0.0.1', '203.0.113.9', '203.0.113.9'],
    ['192.0.2.7', '203.0.113.9', '203.0.113.9'],
    ['::1', '2001:db8::9', '2001:db8::9'],
    ['fd12::1', '203.0.113.9', '203.0.113.9'],
    ['10.0.0.1', '203.0.113.9, 10.9.9.9,192.0.2.7', '203.0.113.9'],
    ['10.0.0.1', ['203.0.113.9', '10.9.9.9'], '203.0.113.9'],
  ])('behind %s with X-Forwarded-For: %s is %s', (peer, forwarded, client) => {
    expect(clientOf(peer, forwarded)).toBe(client);
  });

  /** Whoever is no proxy of ours could otherwise name a new address for every guess at a key. */
  it('is the peer’s where the peer is not trusted', () => {
    for (const peer of ['203.0.113.9', '192.0.2.8', '2001:db8::1', '11.0.0.0', '::2', 'fe00::1']) {
      expect(clientOf(peer, '198.51.100.1')).toBe(peer);
    }
  });

  /** What a client sends stands left of what the first proxy appends. */
  it('is never what a client wrote before the entry of a trusted proxy', () => {
    expect(clientOf('10.0.0.1', '198.51.100.1, 10.0.0.2, 203.0.113.9')).toBe('203.0.113.9');
    expect(clientOf('10.0.0.1', '10.0.0.2, 203.0.113.9, 10.0.0.3')).toBe('203.0.113.9');
  });

  it('is the leftmost where all are trusted, and the peer’s where the header is missing or empty', () => {
    expect(clientOf('10.0.0.1', '10.0.0.4, 10.0.0.3')).toBe('10.0.0.4');
    expect(clientOf('10.0.0.1')).toBe('10.0.0.1');
    expect(clientOf('10.0.0.1', '')).toBe('10.0.0.1');
  });

  it.each([
    'unknown',
    '_hidden',
    'unix:',
    '',
    '1.2.3',
    '1.2.3.4.5',
    '256.1.1.1',
    '[::1',
    'a'.repeat(5000),
    '1.2.3.4:x',
  ])('is the last good one before the entry %j', (garbage) => {
    expect(clientOf('10.0.0.1', garbage)).toBe('10.0.0.1');
    expect(clientOf('10.0.0.1', `203.0.113.9,${garbage}, 10.0.0.2`)).toBe('10.0.0.2');
  });

  it.each([
    ['203.0.113.9:567', '203.0.113.9'],
    ['[2001:db8::9]:443', '2001:db8::9'],
    ['[2001:db8::9]', '2001:db8::9'],
    ['2001:DB8:0:0::9', '2001:db8::9'],
    ['::ffff:203.0.113.9', '203.0.113.9'],
    ['::ffff:cb00:7109', '203.0.113.9'],
    ['[::ffff:203.0.113.9]:1', '203.0.113.9'],
    ['fe80::1%eth0', 'fe80::1'],
  ])('is written the same way for %s: %s', (entry, client) => {
    expect(clientOf('10.0.0.1', entry)).toBe(client);
  });

  it('takes an IPv4 address in IPv6 form for the same, in the peer, in the header and in the setting', () => {
    expect(clientOf('::ffff:10.0.0.1', '203.0.113.9, ::ffff:10.0.0.2')).toBe('203.0.113.9');
    expect(clientOf('::ffff:203.0.113.9', '198.51.100.1')).toBe('203.0.113.9');
    const mapped = createClientAddress(['::ffff:10.0.0.0/104']);
    expect(mapped(requestFrom('10.1.2.3', '203.0.113.9'))).toBe('203.0.113.9');
    expect(mapped(requestFrom('11.1.2.3', '203.0.113.9'))).toBe('11.1.2.3');
  });

  it('is looked for behind 50 proxies and no more', () => {
    const chain = (proxies: number) => ['203.0.113.9', ...Array<string>(proxies).fill('10.0.0.2')].join(', ');
    expect(clientOf('10.0.0.1', chain(49))).toBe('203.0.113.9');
    expect(clientOf('10.0.0.1', chain(50))).toBe('10.0.0.2');
  });

  it.each(['', 'proxy', '10.0.0.0/33', '10.0.0.0/8/8', '10.0.0.0/', '10.0.0.0/x', '300.0.0.1'])(
    'is refused to be looked for behind %j',
    (range) => {
      expect(() => createClientAddress([range])).toThrow();
    },
  );
});

describe('for any header', () => {
  const ipv4Entry = fc.ipV4();
  const entry = fc.oneof(
    ipv4Entry,
    fc.ipV6(),
    ipv4Entry.map((address) => `::ffff:${address}`),
    ipv4Entry.map((address) => `${address}:80`),
    fc.ipV6().map((address) => `[${address}]:80`),
    fc.constantFrom('10.0.0.2', '::1', 'unknown', '', ' '),
    fc.string(),
  );
  const header = fc.array(entry, { maxLength: 60 }).map((entries) => entries.join(','));
  const stranger = fc.ipV4().filter((address) => !address.startsWith('10.') && address !== '192.0.2.7');

  it('the client’s address is found without an error, and is an address', () => {
    const peer = fc.oneof(
      fc.constantFrom('10.0.0.1', '::1', '::ffff:10.0.0.1'),
      fc.ipV6(),
      fc.ipV4(),
      fc.string(),
    );
    fc.assert(
      fc.property(peer, header, (from, forwarded) => {
        expect(clientOf(from, forwarded)).toMatch(/^[0-9a-f.:]*$/);
      }),
      { numRuns: 500 },
    );
  });

  it('a peer that is not trusted cannot choose its address', () => {
    fc.assert(
      fc.property(stranger, header, (peer, forwarded) => {
        expect(clientOf(peer, forwarded)).toBe(peer);
      }),
    );
  });

  it('a client behind trusted proxies cannot choose its address', () => {
    const hops = fc.array(fc.constantFrom('10.1.1.1', '::1', 'fd00::5', '[fd00::6]:1', '::ffff:10.2.2.2'), {
      maxLength: 5,
    });
    fc.assert(
      fc.property(header, stranger, hops, (claimed, client, proxies) => {
        expect(clientOf('10.0.0.1', [claimed, client, ...proxies].join(', '))).toBe(client);
      }),
    );
  });
});

describe('the record of a request', () => {
  let edge: TestEdge | undefined;
  afterEach(() => edge?.server.shutdown(100));

  it('holds the client’s address, on both HTTP versions and over several headers', async () => {
    edge = await startEdge({ doors: [doorAt({ '/x': echo })], trustedProxies: ['127.0.0.1', '10.0.0.0/8'] });
    const [claimed, appended] = ['198.51.100.1, 203.0.113.9', '10.0.0.2'];
    const connection = await openRawConnection(edge.port);
    connection.send(
      `GET /x HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: ${claimed}\r\nX-Forwarded-For: ${appended}\r\nConnection: close\r\n\r\n`,
    );
    await connection.closed;
    const session = openHttp2(edge.port);
    await text(session.request({ ':path': '/x', 'x-forwarded-for': [claimed, appended] }));
    await sendHttp2(session, { path: '/x', headers: { 'x-forwarded-for': `${claimed}, ${appended}` } });
    session.close();
    const ended = await edge.untilEnded(3);
    expect(ended.map(({ record }) => record.remoteAddress)).toEqual(Array(3).fill('203.0.113.9'));
  });
});

import { BlockList, isIP, isIPv4, SocketAddress } from 'node:net';
import type { HttpRequest } from '../rpc/http-handler.ts';

/** Hops that are looked at. Nobody chains as many proxies; a header with thousands only costs time. */
const MAX_HOPS = 50;

/** No address with its port is longer. */
const MAX_ENTRY_LENGTH = 64;

/** An address in brackets or an IPv4 address, with a port or not; a bare IPv6 address is no match, and has none. */
const ADDRESS_AND_PORT = /^(?:\[(?<bracketed>[^\]]*)\]|(?<plain>[^:]+))(?::\d{1,5})?$/;

/** Strict about the number: read as 0, a missing one would trust everybody. */
const RANGE = /^(?<address>[^/]+)(?:\/(?<bits>\d{1,3}))?$/;

const IPV4_MAPPED = '::ffff:';

/** In one text for each client: RFC 5952's form, and as IPv4 what a dual-stack socket shows as IPv6. */
interface Address {
  readonly text: string;
  readonly family: 'ipv4' | 'ipv6';
}

/** The address of the client that sent a request. Empty when its connection is gone. */
export type ClientAddress = (request: HttpRequest) => string;

/**
 * Without trusted proxies the client is the peer. With them (addresses and CIDR ranges), a request of a trusted peer
 * is followed back through `X-Forwarded-For`: each proxy appends whom it was called by, so the entries are read from
 * the right for as long as they name trusted proxies. The first that does not is the client, and what stands left of
 * it is its own claim. Where an entry is no address, or all are trusted, the client is the last one that was read.
 * @throws Error for what is neither an address nor a range.
 */
export function createClientAddress(trustedProxies: readonly string[]): ClientAddress {
  if (trustedProxies.length === 0) return peerAddressOf;
  const trusted = blockListOf(trustedProxies);

  return (request) => {
    const peer = parseAddress(peerAddressOf(request));
    if (peer === undefined) return '';
    const forwarded = request.headers['x-forwarded-for'];
    const isFollowed = forwarded !== undefined && trusted.check(peer.text, peer.family);
    return isFollowed ? clientBehind(peer, String(forwarded), trusted).text : peer.text;
  };
}

/** Whether an address, as a socket tells it, is in one of the ranges. @throws Error for what is neither an address nor a range. */
export function isAmong(ranges: readonly string[]): (address: string) => boolean {
  if (ranges.length === 0) return () => false;
  const list = blockListOf(ranges);
  return (text) => {
    const address = parseAddress(text);
    return address !== undefined && list.check(address.text, address.family);
  };
}

function clientBehind(peer: Address, forwarded: string, trusted: BlockList): Address {
  let client = peer;
  let end = forwarded.length;
  for (let hops = 0; hops < MAX_HOPS && end >= 0; hops += 1) {
    const comma = forwarded.lastIndexOf(',', end - 1);
    const entry = parseEntry(forwarded.slice(comma + 1, end).trim());
    if (entry === undefined) break;
    client = entry;
    if (!trusted.check(entry.text, entry.family)) break;
    end = comma;
  }
  return client;
}

function parseEntry(entry: string): Address | undefined {
  if (entry.length > MAX_ENTRY_LENGTH) return undefined;
  const { bracketed, plain } = ADDRESS_AND_PORT.exec(entry)?.groups ?? {};
  return parseAddress(bracketed ?? plain ?? entry);
}

function parseAddress(text: string): Address | undefined {
  const family = isIP(text);
  if (family === 0) return undefined;
  if (family === 4) return { text, family: 'ipv4' };
  // Without its zone, which has a meaning on one machine only.
  const { address } = new SocketAddress({ address: text, family: 'ipv6' });
  const ipv4 = address.startsWith(IPV4_MAPPED) ? address.slice(IPV4_MAPPED.length) : '';
  return isIPv4(ipv4) ? { text: ipv4, family: 'ipv4' } : { text: address, family: 'ipv6' };
}

function blockListOf(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const { address = '', bits } = RANGE.exec(range)?.groups ?? {};
    const version = isIP(address);
    if (version === 0) throw new Error(`neither an address nor a range of addresses: ${range}`);
    const family = version === 4 ? 'ipv4' : 'ipv6';
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  return list;
}

function peerAddressOf(request: HttpRequest): string {
  return request.socket.remoteAddress ?? '';
}

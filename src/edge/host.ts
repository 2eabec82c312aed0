import { isIPv6 } from 'node:net';
import type { HttpRequest } from '../rpc/http-handler.ts';

/** Hosts remembered as good. A service has a handful of names; whoever sends thousands only empties the memory. */
const REMEMBERED_HOSTS = 256;

/** A DNS name has at most 253 characters (RFC 1035 §2.3.4); a port adds six. */
const MAX_AUTHORITY_LENGTH = 259;

/** What a host may consist of outside an IPv6 literal: DNS labels, A-labels (`xn--`) and underscores. */
const REG_NAME = /^[A-Za-z0-9._-]+$/;

/**
 * Whether the text is `host[:port]` (RFC 9110 §7.2) with a host that can be reached: a DNS name, an IPv4 address or a
 * bracketed IPv6 address. Stricter than RFC 3986, which also lets percent-escapes and punctuation pass; whatever is
 * accepted here can be put after `http://` and parsed as a URL.
 */
export function isValidAuthority(authority: string): boolean {
  if (authority.length > MAX_AUTHORITY_LENGTH) return false;
  const portAt = authority.indexOf(':', authority.lastIndexOf(']') + 1);
  const host = portAt === -1 ? authority : authority.slice(0, portAt);
  const port = portAt === -1 ? '' : authority.slice(portAt + 1);
  if (!isDecimal(port) || Number(port) > 65_535) return false;
  const wellFormed =
    host.startsWith('[') && host.endsWith(']')
      ? isIPv6(host.slice(1, -1)) && !host.includes('%')
      : REG_NAME.test(host);
  // Last word to the parser that doors use: it refuses `1.2.3.999`, for one, which looks like a name.
  return wellFormed && URL.canParse(`http://${authority}`);
}

function isDecimal(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x30 || code > 0x39) return false;
  }
  return true;
}

/**
 * A check of a request's Host header and `:authority`, to be made before anything parses them: connect-node builds a
 * URL from them outside any try, so that one malformed host would end the process.
 */
export function createHostCheck(): (request: HttpRequest) => boolean {
  const remembered = new Set<string>();

  const isGood = (authority: string): boolean => {
    if (remembered.has(authority)) return true;
    if (!isValidAuthority(authority)) return false;
    if (remembered.size >= REMEMBERED_HOSTS) remembered.clear();
    remembered.add(authority);
    return true;
  };

  return (request) => {
    const { host } = request.headers;
    const authority = request.headers[':authority'];
    if (typeof authority !== 'string')
      return host !== undefined && isGood(host) && hasOneHost(request.rawHeaders);
    // RFC 9113 §8.3.1: a Host beside `:authority` says the same.
    return isGood(authority) && (host === undefined || host === authority);
  };
}

/** RFC 9112 §3.2 wants a 400 for more than one Host; Node would silently keep the first. */
function hasOneHost(rawHeaders: readonly string[]): boolean {
  let seen = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i];
    if (name?.length === 4 && (name === 'Host' || name === 'host' || name.toLowerCase() === 'host'))
      seen += 1;
  }
  return seen === 1;
}

const IPV4 = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/;

/** Longer than any textual IPv6 address, so that a forged one cannot fill the memory. */
const MAX_TEXT_LENGTH = 64;

/** Prefixes of 96 bits behind which an IPv4 address follows (RFC 4291 section 2.5.5.2, RFC 6052 section 2.1). */
const IPV4_IN_IPV6 = ['0:0:0:0:0:ffff', '64:ff9b:0:0:0:0'];

/**
 * Whom an address counts for: itself when it is IPv4, its /64 when it is IPv6, because one subscriber owns at
 * least that much (RFC 6177), and the IPv4 address when that is written as IPv6. Anything else is its own group.
 */
export function addressGroup(address: string): string {
  const words = ipv6Words(address.replace(/%.*$/s, ''));
  if (words === undefined) return address.slice(0, MAX_TEXT_LENGTH);
  const hex = words.map((word) => word.toString(16));
  if (IPV4_IN_IPV6.includes(hex.slice(0, 6).join(':'))) {
    return words
      .slice(6)
      .flatMap((word) => [word >> 8, word & 0xff])
      .join('.');
  }
  return `${hex.slice(0, 4).join(':')}::/64`;
}

/** The eight 16-bit words of an IPv6 address (RFC 4291 section 2.2), or undefined when it is not one. */
function ipv6Words(text: string): number[] | undefined {
  if (text.length > MAX_TEXT_LENGTH || !text.includes(':')) return undefined;
  const [head = '', tail, ...more] = text.split('::');
  if (more.length > 0) return undefined;
  const before = wordsOf(head);
  const after = tail === undefined ? [] : wordsOf(tail);
  if (before === undefined || after === undefined) return undefined;
  const missing = 8 - before.length - after.length;
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined;
  return [...before, ...Array<number>(missing).fill(0), ...after];
}

function wordsOf(text: string): number[] | undefined {
  if (text === '') return [];
  const words: number[] = [];
  const parts = text.split(':');
  for (const [n, part] of parts.entries()) {
    const bytes = n === parts.length - 1 ? IPV4.exec(part)?.slice(1).map(Number) : undefined;
    if (bytes !== undefined) {
      const [a = 256, b = 256, c = 256, d = 256] = bytes;
      if (Math.max(a, b, c, d) > 255) return undefined;
      words.push((a << 8) | b, (c << 8) | d);
    } else if (/^[0-9a-f]{1,4}$/i.test(part)) {
      words.push(Number.parseInt(part, 16));
    } else {
      return undefined;
    }
  }
  return words;
}

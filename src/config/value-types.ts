// How the text of a setting becomes a value. Each type names itself for `--help` and the docs, and says what it
// expected when the text does not fit. None repeats the text: it may be a secret in the wrong place.
import { isIP } from 'node:net';
import { Secret } from './secret.ts';

export interface ValueType<T> {
  /** The type as the docs show it. */
  readonly label: string;
  /** The value, or throws an Error whose message completes "NAME …". */
  read(text: string): T;
}

export const text: ValueType<string> = {
  label: 'text',
  read: (value) => value,
};

export const secret: ValueType<Secret> = {
  label: 'secret',
  read: (value) => new Secret(value),
};

export const secretList: ValueType<readonly Secret[]> = {
  label: 'list of secrets',
  read: (value) => splitList(value).map((item) => new Secret(item)),
};

/** Addresses and CIDR ranges of IPv4 and IPv6. */
export const addressRanges: ValueType<readonly string[]> = {
  label: 'list of addresses and CIDR ranges',
  read: (value) => {
    const ranges = splitList(value);
    if (!ranges.every(isAddressRange)) {
      throw new Error('must list addresses or ranges such as 10.0.0.0/8 or fd00::/8');
    }
    return ranges;
  },
};

export const list: ValueType<readonly string[]> = {
  label: 'list, separated by commas',
  read: splitList,
};

/** A folder within a bucket, with its last slash: what object keys can begin with. */
export const folder: ValueType<string> = {
  label: 'folder such as `uploads/`',
  read: (value) => {
    const segments = value.replace(/\/$/, '').split('/');
    if (!segments.every((segment) => /^(?!\.{1,2}$)[A-Za-z0-9._-]+$/.test(segment))) {
      throw new Error(
        'must be a folder such as uploads/: segments of A-Z a-z 0-9 . _ and -, neither . nor ..',
      );
    }
    return `${segments.join('/')}/`;
  },
};

export const boolean: ValueType<boolean> = {
  label: '`true` or `false`',
  read: (value) => {
    if (/^(true|1|yes|on)$/i.test(value)) return true;
    if (/^(false|0|no|off)$/i.test(value)) return false;
    throw new Error('must be true or false');
  },
};

export function integer(min: number, max: number): ValueType<number> {
  return {
    label: `integer, ${min} to ${max}`,
    read: (value) => {
      const number = Number(value);
      if (!/^-?\d+$/.test(value) || number < min || number > max) {
        throw new Error(`must be an integer from ${min} to ${max}`);
      }
      return number;
    },
  };
}

export function choice<const T extends string>(...options: readonly T[]): ValueType<T> {
  return {
    label: options.map((option) => `\`${option}\``).join(' or '),
    read: (value) => {
      const found = options.find((option) => option === value);
      if (found === undefined) throw new Error(`must be ${options.join(' or ')}`);
      return found;
    },
  };
}

/** Any number of the options, separated by commas. */
export function choices<const T extends string>(...options: readonly T[]): ValueType<readonly T[]> {
  const one = choice(...options);
  return { label: `list of ${one.label}`, read: (value) => splitList(value).map(one.read) };
}

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** A duration such as `500ms`, `15m` or `7d`, as milliseconds. The bounds are written the same way. */
export function duration(min: string, max: string): ValueType<number> {
  const minMs = durationMs(min);
  const maxMs = durationMs(max);
  return {
    label: `duration, ${min} to ${max}`,
    read: (value) => {
      const ms = durationMs(value);
      if (!(ms >= minMs && ms <= maxMs)) {
        throw new Error(`must be a duration from ${min} to ${max}, such as 500ms, 15m or 1h`);
      }
      return ms;
    },
  };
}

/** NaN for what is no duration. */
export function durationMs(value: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(value);
  if (!match) return Number.NaN;
  return Number(match[1]) * UNIT_MS[match[2] as keyof typeof UNIT_MS];
}

/** An absolute URL with one of the schemes, as it was written less a trailing slash. */
export function url(...schemes: readonly string[]): ValueType<string> {
  return {
    label: `URL (${schemes.join(', ')})`,
    read: (value) => {
      const parsed = URL.canParse(value) ? new URL(value) : undefined;
      if (!parsed || !schemes.includes(parsed.protocol.slice(0, -1))) {
        throw new Error(`must be a URL that starts with ${schemes.map((s) => `${s}://`).join(' or ')}`);
      }
      if (parsed.search !== '' || parsed.hash !== '')
        throw new Error('must have neither a query nor a fragment');
      return value.replace(/\/+$/, '');
    },
  };
}

/** A connection string: its text is a secret because it may hold a password. */
export function connection(...schemes: readonly string[]): ValueType<Secret> {
  return {
    label: schemes.map((scheme) => `\`${scheme}:…\``).join(' or '),
    read: (value) => {
      const scheme = /^([a-z][a-z0-9+.-]*):/.exec(value)?.[1];
      if (scheme === undefined || !schemes.includes(scheme)) {
        throw new Error(`must start with ${schemes.map((s) => `${s}:`).join(' or ')}`);
      }
      return new Secret(value);
    },
  };
}

function isAddressRange(range: string): boolean {
  const [address = '', bits, ...rest] = range.split('/');
  const family = isIP(address);
  if (family === 0 || rest.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128));
}

export function splitList(value: string): string[] {
  return value
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

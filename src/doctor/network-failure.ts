// What the errors of sockets, names and certificates mean. Pure.

export type FailureKind = 'name' | 'refused' | 'silent' | 'tls' | 'no-http' | 'cut';

export interface NetworkFailure {
  readonly kind: FailureKind;
  /** For people. Holds no address but the code of the system. */
  readonly text: string;
}

const TLS_CODE = /^(?:ERR_SSL|ERR_TLS|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED|EPROTO)/;

const TEXTS: Readonly<Record<FailureKind, string>> = {
  name: 'its name is not known',
  refused: 'nobody listens there',
  silent: 'it did not answer in time',
  tls: 'TLS cannot be set up with it',
  'no-http': 'what it answers is not HTTP',
  cut: 'the connection was cut',
};

/** What is wrong with its certificate, by the codes of Node and OpenSSL. */
const CERTIFICATE_TEXTS: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for other hosts',
};

export function networkFailure(error: unknown): NetworkFailure {
  const code = codeOf(error);
  const kind = kindOf(code);
  return { kind, text: `${CERTIFICATE_TEXTS[code] ?? TEXTS[kind]} (${code})` };
}

function kindOf(code: string): FailureKind {
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'name';
  if (code === 'ECONNREFUSED') return 'refused';
  if (code === 'ETIMEDOUT' || code === 'ABORT_ERR' || code === 'TimeoutError') return 'silent';
  if (TLS_CODE.test(code)) return 'tls';
  return code.startsWith('HPE_') ? 'no-http' : 'cut';
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}

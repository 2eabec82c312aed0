import type { ClientConfig } from 'pg';

/** The modes that pg takes for `verify-full`, and warns that a later version of it will not. */
const VERIFYING_MODES = ['prefer', 'require', 'verify-ca'];
const MODES = ['disable', 'no-verify', 'verify-full', ...VERIFYING_MODES];

/**
 * How to connect to the Postgres that a URL names. What the URL leaves out comes from the `PG*` variables.
 * TLS is used as `sslmode` says: not at all with `disable`, which is the default; without knowing who answers with
 * `no-verify`; any other mode wants a certificate for the host from an authority that is known, or that
 * `sslrootcert` names. libpq's own, laxer meaning of the modes is had with `uselibpqcompat=true`.
 * Throws an Error whose message never holds the URL.
 */
export function clientConfigFromUrl(databaseUrl: string): ClientConfig {
  const url = URL.canParse(databaseUrl) ? new URL(databaseUrl) : undefined;
  if (url === undefined || !canDecode(url.username) || !canDecode(url.password)) {
    throw new Error(
      'DATABASE_URL is not a URL of the form postgres://USER:PASSWORD@HOST:PORT/DATABASE. Percent-encode whatever is not a letter or digit in the user and the password.',
    );
  }
  const port = url.searchParams.get('port');
  if (port !== null && !/^\d{1,5}$/.test(port))
    throw new Error('DATABASE_URL has a port that is not a number.');
  const mode = url.searchParams.get('sslmode');
  if (mode !== null && !MODES.includes(mode)) {
    throw new Error(`DATABASE_URL has an sslmode that is not one of ${MODES.join(', ')}.`);
  }
  if (mode !== null && VERIFYING_MODES.includes(mode) && url.searchParams.get('uselibpqcompat') !== 'true') {
    url.searchParams.set('sslmode', 'verify-full');
  }
  return { connectionString: url.href };
}

function canDecode(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

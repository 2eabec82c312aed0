// What must appear nowhere but in answers: not in what is printed, not in metrics, not in what a collector is sent.
// Upload ids are not here: they stand in paths, and are of no use without a key of their owner.

type Environment = Readonly<Record<string, string>>;

/** Secrets that are known by how they look. */
const SHAPES: Readonly<Record<string, RegExp>> = {
  'an API key': /pse_(?:live|test)_1[0-9A-Za-z]{20,}/,
  'an upload token': /pse_upl_1[0-9A-Za-z_-]{20,}/,
  'a path with an upload token': /\/as\/(?!\[redacted\])[0-9A-Za-z_-]{20,}/,
  'a part of a signed URL': /X-Amz-(?:Signature|Credential|Security-Token)(?:=|%3D)(?!\[redacted\])/i,
  'a private key': /BEGIN [A-Z ]*PRIVATE KEY/,
  // A signature without its name, or any other SHA-256.
  'a hash': /\b[0-9a-f]{64}\b/i,
};

/** Variables that are a secret, or several with commas between them. */
const SECRET_VARIABLES = [
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'PRESIGND_KEY_PEPPERS',
  'PRESIGND_SEALING_KEYS',
  'PRESIGND_BOOTSTRAP_KEY',
  'PRESIGND_API_KEY',
];

/** Variables whose URL may have a password. */
const URL_VARIABLES = ['DATABASE_URL', 'REDIS_URL', 'OTEL_EXPORTER_OTLP_ENDPOINT'];

/** The kinds of secrets that the text holds, by name; the secrets themselves would be printed by whoever is told. */
export function secretsIn(text: string, env: Environment): string[] {
  const shapes = Object.entries(SHAPES).filter(([, shape]) => shape.test(text));
  const values = configuredSecrets(env).filter(([, secret]) => text.includes(secret));
  return [...new Set([...shapes, ...values].map(([kind]) => kind))];
}

function configuredSecrets(env: Environment): (readonly [kind: string, secret: string])[] {
  const named = SECRET_VARIABLES.flatMap((name) =>
    splitList(env[name]).map((secret) => [name, secret] as const),
  );
  const passwords = URL_VARIABLES.flatMap((name) => {
    const { password = '' } = URL.parse(env[name] ?? '') ?? {};
    // With what surrounds it: the password of a test server may be an ordinary word.
    return password === '' ? [] : [[name, `:${password}@`] as const];
  });
  const headers = splitList(env['OTEL_EXPORTER_OTLP_HEADERS']).flatMap((pair) => {
    const value = pair.slice(pair.indexOf('=') + 1);
    // Not every header is a secret, and short ones may be words.
    if (value.length < 8) return [];
    return [value, decodeURIComponent(value)].map(
      (secret) => ['OTEL_EXPORTER_OTLP_HEADERS', secret] as const,
    );
  });
  return [...named, ...passwords, ...headers];
}

function splitList(list = ''): string[] {
  return list.split(',').filter((item) => item !== '');
}

// Values that are read from files, as container platforms mount secrets.
import { readFileSync } from 'node:fs';
import { Secret } from './secret.ts';

/** The file's text less its last line break. Throws when it cannot be read, or holds nothing. */
export function readValueFile(path: string): string {
  const text = readFileSync(path, 'utf8').replace(/\r?\n$/, '');
  // Unlike a variable, a file is not left empty to mean the default: a secret has not arrived.
  if (text === '') throw new Error('empty');
  return text;
}

/** Why a file cannot be read, without its path: `ENOENT`, or what is wrong with what it holds. */
export function whyUnreadable(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'code' in error ? String(error.code) : error.message;
}

/**
 * A secret that follows its file, so that it can be replaced while the service runs. For as long as the file is missing,
 * empty or wrong, as it may be in the middle of being replaced, the last good text stands.
 *
 * @param good The secret as it stands at first.
 * @param read Throws for a text that is no such secret.
 */
export function followingSecret(path: string, good: Secret, read: (text: string) => unknown): Secret {
  let last = good;
  let problem: string | undefined;
  const next = () => {
    try {
      const replaced = read(readValueFile(path));
      if (replaced instanceof Secret) last = replaced;
      problem = undefined;
    } catch (error) {
      problem = whyUnreadable(error);
    }
    return last.reveal();
  };
  return new Secret(next, () => problem);
}

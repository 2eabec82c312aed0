import { type TlsMaterial, type TlsTexts, tlsMaterialFrom } from './tls-material.ts';

export interface TlsFollowDeps {
  /** The texts as they are configured now. Throws an Error where they cannot be read. */
  readonly read: () => TlsTexts;
  readonly wallMs: () => number;
  readonly schedule: (delayMs: number, callback: () => void) => () => void;
  readonly intervalMs: number;
  readonly onReplaced: (material: TlsMaterial) => void;
  /** Told once of each reason for which what is configured now is not used. What was used before stays. */
  readonly onRefused: (error: unknown) => void;
}

/**
 * Looks again and again whether other texts are configured than those in use, and hands them on once they are whole: a
 * certificate is there before its key, or the other way round, when files are replaced one by one. It looks at what the
 * files hold, however they were replaced. Answers a function that stops it.
 */
export function followTlsTexts(first: TlsMaterial, deps: TlsFollowDeps): () => void {
  const { read, wallMs, schedule, intervalMs, onReplaced, onRefused } = deps;
  let used = first;
  let refusal: string | undefined;

  function look(): void {
    try {
      const texts = read();
      if (!isSame(texts, used)) {
        const material = tlsMaterialFrom(texts);
        refuseExpired(material, used, wallMs());
        used = material;
        onReplaced(material);
      }
      refusal = undefined;
    } catch (error) {
      const reason = String(error);
      if (reason !== refusal) onRefused(error);
      refusal = reason;
    }
    cancel = schedule(intervalMs, look);
  }

  let cancel = schedule(intervalMs, look);
  return () => cancel();
}

function isSame(texts: TlsTexts, { cert, key, clientCa, clientCrl }: TlsTexts): boolean {
  return (
    texts.cert === cert && texts.key === key && texts.clientCa === clientCa && texts.clientCrl === clientCrl
  );
}

function hasEnded(expiresAtMs: number | undefined, nowMs: number): boolean {
  return expiresAtMs !== undefined && expiresAtMs <= nowMs;
}

/** A backup that was put back by mistake must not take the place of what works. */
function refuseExpired(next: TlsMaterial, used: TlsMaterial, nowMs: number): void {
  if (next.expiresAtMs <= nowMs && used.expiresAtMs > nowMs)
    throw new Error('PRESIGND_TLS_CERT has expired, and the certificate in use has not');
  if (hasEnded(next.clientCrlExpiresAtMs, nowMs) && !hasEnded(used.clientCrlExpiresAtMs, nowMs))
    throw new Error('PRESIGND_TLS_CLIENT_CRL has expired, and the list in use has not');
}

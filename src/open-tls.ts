// Joins what the port speaks TLS with: the settings, the files that they follow, and the log.
import type { Secret } from './config/secret.ts';
import type { Settings } from './config/settings.ts';
import { SettingsError } from './config/settings-error.ts';
import { type TlsConfig, tlsConfigFrom } from './config/tls.ts';
import { followTlsTexts } from './edge/tls-follow.ts';
import { type TlsMaterial, type TlsTexts, tlsMaterialFrom } from './edge/tls-material.ts';
import { createTlsServer, type TlsServer } from './edge/tls-server.ts';
import { clock, schedule } from './system.ts';
import type { Events } from './telemetry/events.ts';

export interface Tls extends Disposable {
  readonly server: TlsServer;
  /** Whether clients are asked for certificates. */
  readonly asksClients: boolean;
  /** What is answered without TLS. */
  readonly plaintext: Settings['tlsPlaintext'];
}

/**
 * Undefined without a certificate. Until it is disposed of it follows the files of certificate, key, client CA and revocation
 * lists.
 *
 * @throws SettingsError for settings that do not go together, and for a certificate or key that cannot be used
 */
export function openTls(settings: Settings, events: Events): Tls | undefined {
  const loaded = loadTls(settings);
  if (loaded === undefined) return undefined;
  const { config, material } = loaded;
  const { tlsMinVersion: minVersion, tlsReloadIntervalMs: intervalMs, tlsPlaintext: plaintext } = settings;
  const server = createTlsServer({
    material,
    minVersion,
    clientAuth: config.clientAuth,
    onFailure: events.tlsFailed,
  });
  events.tlsCertificateUsed(material, clock.wallMs(), 'start');
  const stop = followTlsTexts(material, {
    read: () => textsOf(config),
    wallMs: clock.wallMs,
    schedule,
    intervalMs,
    onReplaced: (replaced) => {
      const revokedConnections = server.replace(replaced);
      events.tlsCertificateUsed(replaced, clock.wallMs(), 'reload', revokedConnections);
    },
    onRefused: events.tlsReloadRefused,
  });
  return { server, asksClients: config.clientAuth !== 'off', plaintext, [Symbol.dispose]: stop };
}

/** What is configured at this moment. Undefined without a certificate; throws as openTls does. */
export function loadTls(
  settings: Settings,
): { readonly config: TlsConfig; readonly material: TlsMaterial } | undefined {
  const config = tlsConfigFrom(settings);
  return config && { config, material: orSettingsError(() => tlsMaterialFrom(textsOf(config))) };
}

function textsOf({ cert, key, clientCa, clientCrl }: TlsConfig): TlsTexts {
  return {
    cert: currentText('PRESIGND_TLS_CERT', cert),
    key: currentText('PRESIGND_TLS_KEY', key),
    clientCa: clientCa && currentText('PRESIGND_TLS_CLIENT_CA', clientCa),
    clientCrl: clientCrl && currentText('PRESIGND_TLS_CLIENT_CRL', clientCrl),
  };
}

/** Throws where an old text would be taken for the new one. */
function currentText(name: string, secret: Secret): string {
  const text = secret.reveal();
  const problem = secret.problem();
  if (problem !== undefined) throw new Error(`${name}_FILE names a file that cannot be read (${problem})`);
  return text;
}

function orSettingsError<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof Error ? new SettingsError([error.message]) : error;
  }
}

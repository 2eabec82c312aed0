import { constants } from 'node:crypto';
import type { Socket } from 'node:net';
import { createServer, type TLSSocket } from 'node:tls';
import { createCertifiedConnections } from './certified-connections.ts';
import { noteClientCertificate } from './client-certificate.ts';
import type { TlsMaterial } from './tls-material.ts';

/**
 * Why a connection was not secured, or the certificate of its client does not count: the peer left or took too long;
 * there is no common version or cipher, or its bytes are no handshake; a certificate is missing where one is required,
 * or it could not be verified.
 */
export type TlsFailure = 'closed' | 'timeout' | 'protocol' | 'client-certificate';

export interface TlsOptions {
  readonly material: TlsMaterial;
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3';
  /** What is asked of clients: nothing, a certificate if they have one, or a certificate that can be verified. */
  readonly clientAuth: 'off' | 'optional' | 'required';
  /** Told of each peer that was not let in, or not believed. Must be cheap: anybody can be one. */
  readonly onFailure: (failure: TlsFailure) => void;
}

/** A handshake under way. */
interface Handshake {
  readonly secured: (socket: TLSSocket) => void;
  readonly timer: NodeJS.Timeout;
  timedOut: boolean;
}

export interface TlsServer {
  /**
   * Secures a connection that began with a handshake, and calls `secured` once that has come to its end. Destroys the
   * socket when it does not within `timeoutMs`.
   */
  accept(socket: Socket, timeoutMs: number, secured: (socket: TLSSocket) => void): void;
  /**
   * Serves new connections with this from now on. Those that are open go on, except for those of client certificates
   * that it revokes: they are cut, and it answers how many.
   */
  replace(material: TlsMaterial): number;
}

const PROTOCOLS = ['h2', 'http/1.1'];

/** TLS on connections that are handed over by `accept`, with the protocol agreed on by ALPN where the client knows it. */
export function createTlsServer(options: TlsOptions): TlsServer {
  const { clientAuth, onFailure } = options;
  const handshakes = new WeakMap<Socket, Handshake>();
  const certified = createCertifiedConnections(options.material.clientCrls);
  const server = createServer({
    ...contextOptions(options, options.material),
    ALPNProtocols: PROTOCOLS,
    requestCert: clientAuth !== 'off',
    rejectUnauthorized: clientAuth === 'required',
  });

  server.on('tlsClientError', (error, socket) => {
    onFailure(handshakeOf(socket)?.timedOut ? 'timeout' : failureOf(error, socket));
  });
  server.on('secureConnection', (socket) => {
    // A reset may come while no protocol listens yet, or no longer; unheard, it would end the process.
    socket.on('error', ignore);
    const handshake = handshakeOf(socket);
    if (handshake === undefined) throw new Error('node:tls no longer tells which socket it has secured');
    clearTimeout(handshake.timer);
    const noted = clientAuth === 'off' ? 'none' : noteClientCertificate(socket);
    if (noted === 'unverified') onFailure('client-certificate');
    if (noted !== 'verified' || certified.add(socket)) {
      handshake.secured(socket);
      return;
    }
    onFailure('client-certificate');
    socket.destroy();
  });

  function handshakeOf(socket: TLSSocket): Handshake | undefined {
    // Not documented: the socket below.
    const { _parent: below } = socket as { readonly _parent?: Socket };
    return below && handshakes.get(below);
  }

  return {
    accept: (socket, timeoutMs, secured) => {
      // Node's own time-out begins anew with every byte.
      const timer = setTimeout(() => {
        handshake.timedOut = true;
        socket.destroy();
      }, timeoutMs);
      const handshake: Handshake = { secured, timer, timedOut: false };
      handshakes.set(socket, handshake);
      socket.once('close', () => clearTimeout(timer));
      // http.Server made it half-open; a TLS socket would outlive its client's FIN.
      socket.allowHalfOpen = false;
      server.emit('connection', socket);
    },
    replace: (material) => {
      server.setSecureContext(contextOptions(options, material));
      return certified.replace(material.clientCrls);
    },
  };
}

function contextOptions({ minVersion, clientAuth }: TlsOptions, material: TlsMaterial) {
  const { cert, key, clientCa, clientCrls } = material;
  const asks = clientAuth !== 'off';
  return {
    cert,
    key,
    // Without a CA of its own, Node would believe every public one.
    ...(asks && { ca: clientCa ?? [] }),
    // One by one, as Node reads no more than the first of a text.
    ...(asks && clientCrls.length > 0 && { crl: clientCrls.map(({ pem }) => pem) }),
    minVersion,
    // A resumed session is not verified anew: it would outlive the certificate of its client, and the CA.
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION | (asks ? constants.SSL_OP_NO_TICKET : 0),
  };
}

function failureOf(error: Error, socket: TLSSocket): TlsFailure {
  const code = 'code' in error ? String(error.code) : '';
  if (code === 'ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE') return 'client-certificate';
  // Node says nothing but that the connection is gone when it has refused the certificate itself.
  if (code !== 'ECONNRESET' && code !== 'EPIPE') return 'protocol';
  return socket.authorizationError ? 'client-certificate' : 'closed';
}

function ignore(): void {}

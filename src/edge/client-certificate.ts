import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { ClientCertificate } from '../keys/client-certificate.ts';
import type { HttpRequest } from '../rpc/http-handler.ts';

/** Nobody needs more; what a certificate may hold beyond is not looked at. */
const MAX_NAMES = 100;
const MAX_NAMES_LENGTH = 16_384;

/** Dots, dashes and underscores within a name; a star is never the name of one host. */
const DNS_NAME = /^[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,252})$/;

/** The SPIFFE ID standard, section 2: lower-case trust domain, path of segments, no port, query or fragment. */
const SPIFFE_ID = /^spiffe:\/\/[a-z0-9._-]+(?:\/[A-Za-z0-9._-]+)+$/;

/** Where a connection keeps what its client has proved. */
const CERTIFICATE = Symbol('client certificate');

interface CertifiedSocket extends Socket {
  [CERTIFICATE]?: ClientCertificate;
}

/** Keeps what the client of a secured connection has proved with its certificate, and answers what became of that. */
export function noteClientCertificate(socket: TLSSocket): 'none' | 'unverified' | 'verified' {
  const presented = socket.getPeerX509Certificate();
  if (presented === undefined) return 'none';
  if (!socket.authorized) return 'unverified';
  const certified: CertifiedSocket = socket;
  certified[CERTIFICATE] = {
    names: namesFrom(presented.subjectAltName),
    expiresAtMs: Date.parse(presented.validTo),
  };
  return 'verified';
}

/** What the client of the request's connection has proved with its certificate, if it has. */
export function clientCertificateOf(request: HttpRequest): ClientCertificate | undefined {
  const socket: CertifiedSocket = request.socket;
  return socket[CERTIFICATE];
}

/**
 * The names in Node's text of the subject alternative names: `DNS:a.example, URI:spiffe://example.org/b`. Node quotes
 * whatever holds a comma, a quote or a control character, since it could pass for further names (CVE-2021-44532). No
 * name that is looked for needs one, so a certificate with any has no names here.
 */
export function namesFrom(subjectAltName: string | undefined): readonly string[] {
  if (subjectAltName === undefined || subjectAltName.length > MAX_NAMES_LENGTH) return [];
  if (/["\\]/.test(subjectAltName)) return [];
  const entries = subjectAltName.split(', ');
  if (entries.length > MAX_NAMES) return [];
  return [...new Set(entries.flatMap(nameFrom))];
}

function nameFrom(entry: string): readonly string[] {
  const colon = entry.indexOf(':');
  const kind = entry.slice(0, colon);
  const value = entry.slice(colon + 1);
  if (kind === 'URI' && SPIFFE_ID.test(value)) return [value];
  if (kind === 'DNS' && DNS_NAME.test(value)) return [`dns:${value.toLowerCase()}`];
  return [];
}

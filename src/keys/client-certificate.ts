/**
 * What a client has proved with a certificate that was verified. Only the listener makes one, from the socket of a
 * connection: no header becomes one.
 */
export interface ClientCertificate {
  /**
   * Its SPIFFE IDs as they are (`spiffe://example.org/api`) and its DNS names in lower case behind `dns:`. None where
   * what it holds cannot be read beyond doubt.
   */
  readonly names: readonly string[];
  /** Wall-clock milliseconds: a connection may outlive the certificate that it began with. */
  readonly expiresAtMs: number;
}

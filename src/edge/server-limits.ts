/**
 * Every bound of the listener. Units are in the names; sizes that HTTP carries are in bytes.
 * A test passes its own values for what it wants to see happen soon.
 */
export const SERVER_LIMITS = {
  /** Sockets open at once; further ones are closed on arrival, so that a flood cannot take the last file descriptor. */
  maxConnections: 10_000,
  /** How long a connection may take to show which protocol it speaks. Covers silent peers, which no HTTP timeout sees. */
  sniffTimeoutMs: 10_000,
  /** TLS: from the first byte of a handshake to its end, however the bytes trickle in. The time above begins anew then. */
  tlsHandshakeTimeoutMs: 10_000,
  /** HTTP/1.1: from the first byte of a request to the end of its headers; 408 after that (slow header attack). */
  headersTimeoutMs: 15_000,
  /** From the first byte of a request to the end of its body. Bodies are small here: the file bytes go to S3. */
  requestTimeoutMs: 30_000,
  /** HTTP/1.1: idle between two requests. Above the 60 s of usual load balancers, which must be the ones to hang up. */
  keepAliveTimeoutMs: 75_000,
  /** HTTP/1.1: no byte in either direction, even while a call runs; a peer that does not read its answer ends here. */
  silenceTimeoutMs: 300_000,
  /** How often Node looks for requests past their time; its own default of 30 s would double the two limits above. */
  timeoutCheckIntervalMs: 1_000,
  /** Request line and headers together, on both versions; 431 on HTTP/1.1, a reset stream on HTTP/2. */
  maxHeaderBytes: 16_384,
  /** HTTP/2: header fields of one request (Node counts pseudo headers too). */
  http2MaxHeaderPairs: 128,
  /** HTTP/2: silence after which a session without running calls is closed, and one with running calls is pinged. */
  http2IdleTimeoutMs: 300_000,
  /** HTTP/2: how long the peer of a silent session with running calls may take to answer that ping. */
  http2PingTimeoutMs: 20_000,
  /** HTTP/2: calls at once on one session; further ones wait at the client. */
  http2MaxConcurrentStreams: 250,
  /** HTTP/2: megabytes that one session may hold; its new streams are refused beyond. */
  http2MaxSessionMemoryMb: 10,
  /** HTTP/2: malformed frames from one peer before its session is ended. */
  http2MaxInvalidFrames: 100,
  /** HTTP/2: streams a peer may reset in a burst, and per second thereafter, before its session is ended (CVE-2023-44487). */
  http2StreamResetBurst: 1_000,
  http2StreamResetsPerSecond: 33,
  /**
   * Shutdown: how long connections without a running call stay usable after the listener has closed. A client that
   * is about to send on one is answered, and told to leave, instead of meeting a closed socket.
   */
  drainQuietMs: 250,
} as const satisfies Record<string, number>;

export type ServerLimits = { readonly [Name in keyof typeof SERVER_LIMITS]: number };

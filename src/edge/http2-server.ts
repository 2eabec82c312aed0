import {
  constants,
  createServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type Http2Session,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { ServerLimits } from './server-limits.ts';

/**
 * GOAWAY(NO_ERROR) with the largest stream id, 2^31-1: it asks a client to open no more streams and promises to serve
 * those that are already on their way (RFC 9113 §6.8). Written as bytes because Node cannot say it: its `goaway()`
 * ignores, unanswered, every stream that arrives after. Over TLS it has to do all the same: two writes at once
 * end the process there, and Node does not show when the session writes. What crosses such a GOAWAY is not processed, as
 * the stream id in it says, and its client may send it again.
 */
const SHUTDOWN_NOTICE = Buffer.from('000008070000000000' + '7fffffff' + '00000000', 'hex');

/** How long the peer of an ended session may take to hang up before its socket is taken away. */
const LINGER_MS = 1_000;

/** Their messages are framed inside the body, which may lawfully stay open as long as the call. */
const STREAMING_CONTENT_TYPES = ['application/grpc', 'application/connect+'];

export interface Http2Server {
  /** Serves a connection that began with the HTTP/2 preface. */
  accept(socket: Socket): void;
  /** Tells every peer to open no more streams; without TLS, those that are already on their way are served. */
  announceShutdown(): void;
  /** Ends sessions without a running call at once, the others when their last call is done. */
  closeSessions(): void;
}

interface SessionState {
  readonly socket: Socket;
  runningStreams: number;
}

/** HTTP/2, agreed on by ALPN or by prior knowledge, on connections that are handed over by `accept`. */
export function createHttp2Server(
  handler: (request: Http2ServerRequest, response: Http2ServerResponse) => void,
  limits: ServerLimits,
): Http2Server {
  const sessions = new Map<ServerHttp2Session, SessionState>();
  /** Those whose GOAWAY names the last stream that is processed. */
  const ending = new WeakSet<Http2Session>();

  function serve(request: Http2ServerRequest, response: Http2ServerResponse): void {
    const { session } = request.stream;
    // It came before the GOAWAY went out, which all the same says that it was not processed: its client may repeat it.
    if (session !== undefined && ending.has(session)) request.stream.close(constants.NGHTTP2_REFUSED_STREAM);
    else handler(request, response);
  }

  const server = createServer(
    {
      settings: {
        maxConcurrentStreams: limits.http2MaxConcurrentStreams,
        maxHeaderListSize: limits.maxHeaderBytes,
        enablePush: false,
      },
      maxHeaderListPairs: limits.http2MaxHeaderPairs,
      maxSessionMemory: limits.http2MaxSessionMemoryMb,
      maxSessionInvalidFrames: limits.http2MaxInvalidFrames,
      streamResetBurst: limits.http2StreamResetBurst,
      streamResetRate: limits.http2StreamResetsPerSecond,
    },
    serve,
  );
  // Node's own 417 would have neither an id nor a line in the log. RFC 9110 §10.1.1 lets a server ignore it.
  server.on('checkExpectation', serve);
  // Node would write to a stream that was reset in the same packet, and throw where nobody catches.
  server.on('checkContinue', (request, response) => {
    if (!response.stream.destroyed && !response.stream.closed) response.writeContinue();
    serve(request, response);
  });

  function track(session: ServerHttp2Session, socket: Socket): void {
    const state: SessionState = { socket, runningStreams: 0 };
    sessions.set(session, state);
    session.once('close', () => sessions.delete(session));
    watchSilence(session, state, limits);
    // Whoever has said goodbye has nothing more to be silent about than its running calls.
    session.once('goaway', () => session.setTimeout(limits.http2PingTimeoutMs));
    if (socket instanceof TLSSocket) awaitSettings(session, socket, limits.sniffTimeoutMs);
    session.on('stream', (stream, headers) => {
      state.runningStreams += 1;
      stream.once('close', () => {
        state.runningStreams -= 1;
        if (session.closed && state.runningStreams === 0) lingerThenDestroy(socket);
      });
      limitBodyTime(stream, headers['content-type'], limits.requestTimeoutMs);
    });
  }

  return {
    accept: (socket) => {
      // http.Server made it half-open; an HTTP/2 socket would outlive its client's FIN.
      socket.allowHalfOpen = false;
      // Node's server wants it to have been agreed on; the preface says as much.
      if (socket instanceof TLSSocket) socket.alpnProtocol = 'h2';
      // 'session' is emitted before emit() returns, and does not tell its socket.
      server.once('session', (session) => track(session, socket));
      server.emit('connection', socket);
    },
    announceShutdown: () => {
      for (const [session, { socket }] of sessions) {
        if (session.destroyed) continue;
        if (socket instanceof TLSSocket) {
          ending.add(session);
          session.goaway();
        } else if (!session.pendingSettingsAck) {
          // SETTINGS must come first. The session's own writes always hold whole frames, so this falls between two.
          socket.write(SHUTDOWN_NOTICE);
        }
      }
    },
    closeSessions: () => {
      for (const [session, state] of sessions) {
        if (state.runningStreams === 0) endSession(session, state);
        else session.close();
      }
    },
  };
}

/** HTTP/2 has no timeout of its own: a silent session ends, unless calls are running and the peer answers a ping. */
function watchSilence(session: ServerHttp2Session, state: SessionState, limits: ServerLimits): void {
  session.setTimeout(limits.http2IdleTimeoutMs, () => {
    if (session.destroyed) return;
    if (state.runningStreams === 0) {
      endSession(session, state);
      return;
    }
    const dead = setTimeout(() => endSession(session, state), limits.http2PingTimeoutMs);
    session.ping((error) => {
      clearTimeout(dead);
      // A session that is over but for its running calls takes no ping any more, and they will never end.
      if (error !== null) endSession(session, state);
      // Node calls back for one silence only.
      else if (!session.destroyed) watchSilence(session, state, limits);
    });
  });
}

/** By ALPN a session begins before its client has said anything; the first thing are settings (RFC 9113 §3.4). */
function awaitSettings(session: ServerHttp2Session, socket: Socket, timeoutMs: number): void {
  const timer = setTimeout(() => socket.destroy(), timeoutMs);
  const stop = () => clearTimeout(timer);
  session.once('remoteSettings', stop);
  session.once('close', stop);
}

function endSession(session: ServerHttp2Session, { socket }: SessionState): void {
  if (session.destroyed) return;
  session.destroy();
  lingerThenDestroy(socket);
}

/** The request timeout of HTTP/1.1, for HTTP/2: a body that does not end in time resets its stream. */
function limitBodyTime(stream: ServerHttp2Stream, contentType: string | undefined, timeoutMs: number): void {
  if (stream.endAfterHeaders || STREAMING_CONTENT_TYPES.some((type) => contentType?.startsWith(type))) return;
  const timer = setTimeout(() => stream.close(constants.NGHTTP2_CANCEL), timeoutMs);
  const stop = () => clearTimeout(timer);
  stream.once('end', stop);
  stream.once('close', stop);
}

/** Node ends the socket of a session that is over, and waits for its peer to read all and do the same, however long. */
function lingerThenDestroy(socket: Socket): void {
  const timer = setTimeout(() => socket.destroy(), LINGER_MS);
  socket.once('close', () => clearTimeout(timer));
}

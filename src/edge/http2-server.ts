import {
  constants,
  createServer,
  type Http2Session,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Http2Request, Http2Response } from '../rpc/http-handler.ts';
import { createBodyDeadlines } from './body-deadlines.ts';
import { Http2StreamRequest } from './http2-request.ts';
import { Http2StreamResponse } from './http2-response.ts';
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
  handler: (request: Http2Request, response: Http2Response) => void,
  limits: ServerLimits,
): Http2Server {
  const sessions = new Map<ServerHttp2Session, SessionState>();
  /** Those whose GOAWAY names the last stream that is processed. */
  const ending = new WeakSet<Http2Session>();
  const bodies = createBodyDeadlines(limits.requestTimeoutMs);

  // Without a listener of 'request', Node makes none of its own objects for requests and responses.
  const server = createServer({
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
  });

  function serve(
    stream: ServerHttp2Stream,
    socket: Socket,
    headers: IncomingHttpHeaders,
    rawHeaders: string[],
  ): void {
    // It came before the GOAWAY went out, which all the same says that it was not processed: its client may repeat it.
    if (stream.session !== undefined && ending.has(stream.session))
      stream.close(constants.NGHTTP2_REFUSED_STREAM);
    else if (headers[':method'] === 'CONNECT') refuseTunnel(stream);
    else {
      if (headers.expect === '100-continue') letGoOn(stream);
      const request = new Http2StreamRequest(stream, socket, headers, rawHeaders);
      handler(request, new Http2StreamResponse(stream, request.method === 'HEAD'));
    }
  }

  function track(session: ServerHttp2Session, socket: Socket): void {
    const state: SessionState = { socket, runningStreams: 0 };
    sessions.set(session, state);
    session.once('close', () => sessions.delete(session));
    watchSilence(session, state, limits);
    // Whoever has said goodbye has nothing more to be silent about than its running calls.
    session.once('goaway', () => session.setTimeout(limits.http2PingTimeoutMs));
    if (socket instanceof TLSSocket) awaitSettings(session, socket, limits.sniffTimeoutMs);
    function streamClosed(this: ServerHttp2Stream): void {
      bodies.forget(this);
      state.runningStreams -= 1;
      if (session.closed && state.runningStreams === 0) lingerThenDestroy(socket);
    }
    session.on('stream', (stream, headers, _flags, rawHeaders: string[]) => {
      state.runningStreams += 1;
      stream.on('close', streamClosed);
      // A peer that resets it, which 'close' tells; unheard, it would end the process.
      stream.on('error', ignore);
      if (hasTimedBody(stream, headers['content-type'])) bodies.watch(stream);
      serve(stream, socket, headers, rawHeaders);
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

/** Whether the request timeout of HTTP/1.1 goes for its body, too: it resets the stream of one that does not end in time. */
function hasTimedBody(stream: ServerHttp2Stream, contentType: string | undefined): boolean {
  return !stream.endAfterHeaders && !STREAMING_CONTENT_TYPES.some((type) => contentType?.startsWith(type));
}

/** As over HTTP/1.1: no proxy is looked for here. */
function refuseTunnel(stream: ServerHttp2Stream): void {
  if (!stream.destroyed && !stream.closed) stream.respond({ ':status': 405 }, { endStream: true });
}

/** Other expectations are ignored, as RFC 9110 §10.1.1 allows. */
function letGoOn(stream: ServerHttp2Stream): void {
  // It may have been reset in the same packet, and a write would throw where nobody catches.
  if (!stream.destroyed && !stream.closed) stream.additionalHeaders({ ':status': 100 });
}

/** Node ends the socket of a session that is over, and waits for its peer to read all and do the same, however long. */
function lingerThenDestroy(socket: Socket): void {
  const timer = setTimeout(() => socket.destroy(), LINGER_MS);
  socket.once('close', () => clearTimeout(timer));
}

function ignore(): void {}

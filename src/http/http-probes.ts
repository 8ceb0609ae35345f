import type { Server as HttpServer, ServerResponse } from 'node:http';
import { Http2ServerResponse, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import { Socket, type Server } from 'node:net';
import type { Duplex } from 'node:stream';
import { isHttpServer } from './any-http-server.js';
import { canBeRead, type CurrentResponses } from './current-responses.js';
import { rawSocketOf } from './connections.js';
import { bySymbol } from './session-streams.js';
import type { TlsSample } from './samples.js';
import type { Probe } from '../util/probe.js';

/** Private properties of Node's sockets, servers and responses; the same in every version since 20. */

export const RESPONSE_ON_SOCKET: Probe<CurrentResponses> = {
  name: 'Socket._httpMessage',
  package: 'node',
  ifMissing: 'every request is tracked from the start, at a small cost per request',
  isPresent: canBeRead,
};

export const PARSER_ON_SOCKET: Probe<() => object> = {
  name: 'Socket.parser',
  package: 'node',
  ifMissing: 'upgraded connections, such as WebSockets, are not recognised',
  isPresent: (socketOfServer) => {
    const { parser } = socketOfServer() as { readonly parser?: object | null };
    return typeof parser === 'object' && parser !== null && 'incoming' in parser;
  },
};

export const SERVER_OF_SOCKET: Probe<() => object> = {
  name: 'Socket.server',
  package: 'node',
  ifMissing: 'an application that shares a router with another one waits for the requests of both',
  isPresent: (socketOfServer) => isHttpServer(Reflect.get(socketOfServer(), 'server')),
};

export const LAST_ON_RESPONSE: Probe<ServerResponse> = {
  name: 'ServerResponse._last',
  package: 'node',
  ifMissing: 'a response that is sent before the end of its upload may be lost',
  isPresent: (response) => typeof Reflect.get(response, '_last') === 'boolean',
};

export const CONTINUE_ON_RESPONSE: Probe<ServerResponse> = {
  name: 'ServerResponse._sent100',
  package: 'node',
  ifMissing: 'a response that is sent before the end of an upload with Expect: 100-continue may be lost',
  isPresent: (response) => typeof Reflect.get(response, '_sent100') === 'boolean',
};

export const SWEEP_OF_SERVER: Probe<HttpServer> = {
  name: 'Server.close() calling closeIdleConnections()',
  package: 'node',
  ifMissing: 'Node destroys idle connections with its own sweep when the listener closes',
  isPresent: (server) => {
    let isSwept = false;
    Object.defineProperty(server, 'closeIdleConnections', { value: () => (isSwept = true) });
    server.close();
    return isSwept;
  },
};

export const HANDLE_OF_SERVER: Probe<Server> = {
  name: 'Server._handle and Server._connectionKey',
  package: 'node',
  ifMissing: 'connections that arrive at the moment the listener closes may be reset',
  isPresent: (server) => {
    const { _handle: handle, _connectionKey: key } = server as {
      readonly _handle?: { readonly listen?: unknown } | null;
      readonly _connectionKey?: unknown;
    };
    return typeof key === 'string' && typeof handle?.listen === 'function';
  },
};

export const HANDLE_OF_SOCKET: Probe<Socket> = {
  name: 'Socket._handle.bytesWritten and writeQueueSize',
  package: 'node',
  ifMissing: 'a client that reads one long write slowly counts as stalled',
  isPresent: (socket) => {
    const { _handle: handle } = socket as { readonly _handle?: Bytes & { readonly _parent?: Bytes } };
    const { bytesWritten, writeQueueSize } = handle?._parent ?? handle ?? {};
    return typeof bytesWritten === 'number' && typeof writeQueueSize === 'number';
  },
};

export const PARENT_OF_TLS_SOCKET: Probe<() => TlsSample> = {
  name: 'TLSSocket._parent',
  package: 'node',
  ifMissing: 'TLS handshakes on pipes, which have no addresses, are mistaken for each other',
  isPresent: (sample) => {
    const { above, below } = sample();
    return rawSocketOf(above) === below;
  },
};

export const STREAMS_OF_SESSION: Probe<ServerHttp2Session> = {
  name: 'Http2Session[state].streams',
  package: 'node',
  ifMissing: 'every HTTP/2 request is tracked from the start, at a small cost per request',
  isPresent: (session) => {
    const { streams } = Object(bySymbol(session, 'state')) as { readonly streams?: Map<unknown, unknown> };
    return typeof streams?.size === 'number' && typeof streams.values === 'function';
  },
};

export const RESPONSE_ON_STREAM: Probe<Duplex> = {
  name: 'Http2Stream[response]',
  package: 'node',
  ifMissing: 'every HTTP/2 request is tracked from the start, at a small cost per request',
  isPresent: (stream) => {
    const response: unknown = new Http2ServerResponse(stream as ServerHttp2Stream);
    return bySymbol(stream, 'response') === response;
  },
};

export const HANDLE_OF_STREAM: Probe<object> = {
  name: 'Http2Stream[kHandle].bytesWritten',
  package: 'node',
  ifMissing: 'the report has no sent bytes for HTTP/2 requests that were cut',
  isPresent: (stream) => {
    const { bytesWritten } = Object(bySymbol(stream, 'kHandle')) as { readonly bytesWritten?: unknown };
    return typeof bytesWritten === 'number';
  },
};

export const SOCKET_OF_SESSION: Probe<{ readonly shown: Socket; readonly below: Socket }> = {
  name: "Http2Session.socket, whose methods return the session's real socket",
  package: 'node',
  ifMissing: 'HTTP/2 connections and the requests on them are not drained',
  isPresent: ({ shown, below }) => below !== shown && below instanceof Socket,
};

export const ARGUMENTS_OF_CONNECT: Probe<() => readonly unknown[]> = {
  name: 'net.connect() calling Socket.connect()',
  package: 'node',
  ifMissing: "outside production, the application's requests to itself are refused during a shutdown",
  isPresent: (argumentsOfConnect) => {
    const [list] = argumentsOfConnect();
    return Array.isArray(list) && (list[0] as { readonly port?: unknown }).port === 1;
  },
};

/** All probes of this folder. */
export const HTTP_PROBES: readonly Probe[] = [
  RESPONSE_ON_SOCKET,
  PARSER_ON_SOCKET,
  SERVER_OF_SOCKET,
  LAST_ON_RESPONSE,
  CONTINUE_ON_RESPONSE,
  SWEEP_OF_SERVER,
  HANDLE_OF_SERVER,
  HANDLE_OF_SOCKET,
  PARENT_OF_TLS_SOCKET,
  STREAMS_OF_SESSION,
  RESPONSE_ON_STREAM,
  HANDLE_OF_STREAM,
  SOCKET_OF_SESSION,
  ARGUMENTS_OF_CONNECT,
];

interface Bytes {
  readonly bytesWritten?: unknown;
  readonly writeQueueSize?: unknown;
}

import type { Server as HttpServer, ServerResponse } from 'node:http';
import { Http2ServerResponse, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import { Socket, type Server } from 'node:net';
import type { Duplex } from 'node:stream';
import { canBeRead, type CurrentResponses } from './current-responses.js';
import { bySymbol } from './session-streams.js';
import type { Probe } from '../util/probe.js';

/** What Node keeps on its sockets, servers and responses; private, and the same on every version since 20. */

export const RESPONSE_ON_SOCKET: Probe<CurrentResponses> = {
  name: 'Socket._httpMessage',
  package: 'node',
  ifMissing: 'requests are followed one by one from the start, which costs a little time for each',
  isPresent: canBeRead,
};

export const PARSER_ON_SOCKET: Probe<() => object> = {
  name: 'Socket.parser',
  package: 'node',
  ifMissing: 'connections that were upgraded, such as WebSockets, cannot be told from others',
  isPresent: (socketOfServer) => {
    const { parser } = socketOfServer() as { readonly parser?: object | null };
    return typeof parser === 'object' && parser !== null && 'incoming' in parser;
  },
};

export const LAST_ON_RESPONSE: Probe<ServerResponse> = {
  name: 'ServerResponse._last',
  package: 'node',
  ifMissing: 'the answer to an upload that is answered before its end may be lost with its connection',
  isPresent: (response) => typeof Reflect.get(response, '_last') === 'boolean',
};

export const CONTINUE_ON_RESPONSE: Probe<ServerResponse> = {
  name: 'ServerResponse._sent100',
  package: 'node',
  ifMissing:
    'the answer to an upload that has asked for leave with Expect, and is answered before its end, may be lost',
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
  ifMissing: 'connections that arrive at the instant at which the listener closes may be reset',
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
  ifMissing: 'a client that reads one long write slowly is taken for one that has stalled',
  isPresent: (socket) => {
    const { _handle: handle } = socket as { readonly _handle?: Bytes & { readonly _parent?: Bytes } };
    const { bytesWritten, writeQueueSize } = handle?._parent ?? handle ?? {};
    return typeof bytesWritten === 'number' && typeof writeQueueSize === 'number';
  },
};

export const STREAMS_OF_SESSION: Probe<ServerHttp2Session> = {
  name: 'Http2Session[state].streams',
  package: 'node',
  ifMissing: 'requests of HTTP/2 are followed one by one from the start, which costs a little time for each',
  isPresent: (session) => {
    const { streams } = Object(bySymbol(session, 'state')) as { readonly streams?: Map<unknown, unknown> };
    return typeof streams?.size === 'number' && typeof streams.values === 'function';
  },
};

export const RESPONSE_ON_STREAM: Probe<Duplex> = {
  name: 'Http2Stream[response]',
  package: 'node',
  ifMissing: 'requests of HTTP/2 are followed one by one from the start, which costs a little time for each',
  isPresent: (stream) => {
    const response: unknown = new Http2ServerResponse(stream as ServerHttp2Stream);
    return bySymbol(stream, 'response') === response;
  },
};

export const HANDLE_OF_STREAM: Probe<object> = {
  name: 'Http2Stream[kHandle].bytesWritten',
  package: 'node',
  ifMissing: 'the report names no sent bytes for a request of HTTP/2 that was cut',
  isPresent: (stream) => {
    const { bytesWritten } = Object(bySymbol(stream, 'kHandle')) as { readonly bytesWritten?: unknown };
    return typeof bytesWritten === 'number';
  },
};

export const SOCKET_OF_SESSION: Probe<{ readonly shown: Socket; readonly below: Socket }> = {
  name: "Http2Session.socket, whose methods return the session's real socket",
  package: 'node',
  ifMissing: 'connections of HTTP/2 cannot be watched, nor what is under way on them',
  isPresent: ({ shown, below }) => below !== shown && below instanceof Socket,
};

export const ARGUMENTS_OF_CONNECT: Probe<() => readonly unknown[]> = {
  name: 'net.connect() calling Socket.connect()',
  package: 'node',
  ifMissing: 'outside production, what the application asks itself during a shutdown is refused',
  isPresent: (argumentsOfConnect) => {
    const [list] = argumentsOfConnect();
    return Array.isArray(list) && (list[0] as { readonly port?: unknown }).port === 1;
  },
};

/** All of these. */
export const HTTP_PROBES: readonly Probe[] = [
  RESPONSE_ON_SOCKET,
  PARSER_ON_SOCKET,
  LAST_ON_RESPONSE,
  CONTINUE_ON_RESPONSE,
  SWEEP_OF_SERVER,
  HANDLE_OF_SERVER,
  HANDLE_OF_SOCKET,
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

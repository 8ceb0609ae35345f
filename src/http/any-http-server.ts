import { Server as HttpServer } from 'node:http';
import { Server as HttpsServer } from 'node:https';
import { Server as NetServer } from 'node:net';
import type { Http2SecureServer, Http2Server } from 'node:http2';

/** A server that speaks HTTP/1.1, HTTP/2 or both, with TLS or without. */
export type AnyHttpServer = HttpServer | HttpsServer | Http2Server | Http2SecureServer;

/** Tells whether `server` is one. */
export function isHttpServer(server: unknown): server is AnyHttpServer {
  return server instanceof HttpServer || server instanceof HttpsServer || isHttp2Server(server);
}

/** Node exports no class of theirs, but they alone can update the settings of their sessions. */
function isHttp2Server(server: unknown): server is Http2Server | Http2SecureServer {
  return server instanceof NetServer && typeof Reflect.get(server, 'updateSettings') === 'function';
}

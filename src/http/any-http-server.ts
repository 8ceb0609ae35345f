import { Server as HttpServer } from 'node:http';
import { Server as HttpsServer } from 'node:https';
import { Server as NetServer } from 'node:net';
import type { Http2SecureServer, Http2Server } from 'node:http2';

/** A server for HTTP/1.1, HTTP/2 or both, with or without TLS. */
export type AnyHttpServer = HttpServer | HttpsServer | Http2Server | Http2SecureServer;

/** Returns whether `server` is an HTTP server. */
export function isHttpServer(server: unknown): server is AnyHttpServer {
  return server instanceof HttpServer || server instanceof HttpsServer || isHttp2Server(server);
}

/** Node does not export the classes of HTTP/2 servers, but no other server has `updateSettings()`. */
function isHttp2Server(server: unknown): server is Http2Server | Http2SecureServer {
  return server instanceof NetServer && typeof Reflect.get(server, 'updateSettings') === 'function';
}

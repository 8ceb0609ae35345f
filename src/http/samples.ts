import { createServer, IncomingMessage, ServerResponse, type Server } from 'node:http';
import { connect, Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { overrideMethod } from '../util/override-method.js';

/** Returns a response without a client, for inspection. */
export function sampleResponse(): ServerResponse {
  return new ServerResponse(new IncomingMessage(new Socket()));
}

/** Returns a server that never listens. */
export function sampleServer(): Server {
  return createServer();
}

/** Returns a socket that a server has accepted; a server accepts any stream as a connection. */
export function sampleSocketOfServer(): object {
  const socket = new Duplex({ read() {}, write: (_chunk, _encoding, callback) => callback() });
  createServer().emit('connection', socket);
  // Probes inspect it in this tick; it is destroyed in the next.
  setImmediate(() => socket.destroy());
  return socket;
}

/** A socket, and the TLS socket above it. */
export interface TlsSample {
  readonly below: Socket;
  readonly above: TLSSocket;
}

/** Returns a TLS socket that never connects. */
export function sampleTlsSocket(): TlsSample {
  const below = new Socket();
  const above = new TLSSocket(below);
  setImmediate(() => above.destroy());
  return { below, above };
}

/** Returns a stream that belongs to no session. */
export function sampleStream(): Duplex {
  return new Duplex({ read() {}, write: (_chunk, _encoding, callback) => callback() });
}

/** Returns the arguments that `net.connect()` passes to `connect()` of its socket, without connecting. */
export function argumentsOfConnect(): unknown[] {
  let passed: unknown[] = [];
  const restore = overrideMethod(Socket.prototype, 'connect', () => (...args) => {
    passed = args;
  });
  try {
    connect({ port: 1 });
  } finally {
    restore();
  }
  return passed;
}

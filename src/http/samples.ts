import { createServer, IncomingMessage, ServerResponse, type Server } from 'node:http';
import { connect, Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { overrideMethod } from '../util/override-method.js';

/** A response without a client, for inspection. */
export function sampleResponse(): ServerResponse {
  return new ServerResponse(new IncomingMessage(new Socket()));
}

/** A server that never listens. */
export function sampleServer(): Server {
  return createServer();
}

/** A socket as a server of Node's sees it: servers take any stream for a connection. */
export function sampleSocketOfServer(): object {
  const socket = new Duplex({ read() {}, write: (_chunk, _encoding, callback) => callback() });
  createServer().emit('connection', socket);
  // It is looked at in this turn, and is gone in the next.
  setImmediate(() => socket.destroy());
  return socket;
}

/** A stream that belongs to no session. */
export function sampleStream(): Duplex {
  return new Duplex({ read() {}, write: (_chunk, _encoding, callback) => callback() });
}

/** What `net.connect()` passes on to `connect()` of its socket; nothing is connected. */
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

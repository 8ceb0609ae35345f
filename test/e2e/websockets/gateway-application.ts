import { once } from 'node:events';
import { createServer } from 'node:net';
import { NestFactory } from '@nestjs/core';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { WsAdapter } from '@nestjs/platform-ws';
import { ADAPTERS, closeAll, coordinatorOf, remember, rootModule } from '../nest/applications.js';
import { eventually } from '../../support/http/eventually.js';
import type { INestApplication, ModuleMetadata, Type } from '@nestjs/common';
import type { AddressInfo, Server } from 'node:net';
import type { GracefulShutdownOptions, ShutdownPhase, ShutdownReport } from 'nestjs-drain';

/** What a client says to begin a WebSocket, beside the request line. */
export const HANDSHAKE =
  'Connection: Upgrade\r\nUpgrade: websocket\r\n' +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';

export interface GatewaySetup {
  readonly library: 'ws' | 'socket.io';
  readonly gateways: readonly Type[];
  readonly imports?: ModuleMetadata['imports'];
  readonly controllers?: readonly Type[];
  readonly options?: GracefulShutdownOptions;
  readonly create?: (typeof ADAPTERS)[number]['create'];
  /** Attaches what is not Nest's. */
  readonly attach?: (server: Server, app: INestApplication) => unknown;
}

/** An application with gateways, which listens on a free port of 127.0.0.1. */
export class GatewayApplication {
  readonly app: INestApplication;

  private constructor(app: INestApplication) {
    this.app = app;
  }

  static async start(setup: GatewaySetup): Promise<GatewayApplication> {
    const {
      library,
      gateways,
      imports = [],
      controllers = [],
      options,
      create = ADAPTERS[0].create,
      attach,
    } = setup;
    const root = rootModule({
      imports,
      controllers: [...controllers],
      providers: [...gateways],
      // With a delay that is set, if only to 0, the listener stays open as in production.
      options: { announceDelayMs: 0, logProgress: false, ...options },
    });
    const app = await NestFactory.create(root, create(), { logger: false, abortOnError: false });
    remember(app);
    app.useWebSocketAdapter(library === 'ws' ? new WsAdapter(app) : new IoAdapter(app));
    await attach?.(app.getHttpServer() as Server, app);
    await app.listen(0, '127.0.0.1');
    return new GatewayApplication(app);
  }

  get port(): number {
    return ((this.app.getHttpServer() as Server).address() as AddressInfo).port;
  }

  /** Shuts down as a signal does. */
  shutdown(): Promise<ShutdownReport> {
    return coordinatorOf(this.app).shutdown({ kind: 'signal', signal: 'SIGTERM' });
  }

  entered(phase: ShutdownPhase): Promise<void> {
    return eventually(() => coordinatorOf(this.app).phase === phase);
  }
}

/** Work that waits for the test. */
export class Held {
  count = 0;
  #resolves: (() => void)[] = [];

  next(): Promise<void> {
    this.count += 1;
    return new Promise((resolve) => this.#resolves.push(resolve));
  }

  release(): void {
    for (const resolve of this.#resolves.splice(0)) resolve();
  }
}

/** A port that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** A text frame as a client sends it, with a mask of zeros. */
export function frame(text: string): string {
  return `\x81${String.fromCharCode(0x80 | text.length)}\0\0\0\0${text}`;
}

export { ADAPTERS, closeAll };

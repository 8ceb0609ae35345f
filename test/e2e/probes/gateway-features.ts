import { once } from 'node:events';
import { NestFactory } from '@nestjs/core';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { WsAdapter } from '@nestjs/platform-ws';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { io } from 'socket.io-client';
import { WebSocket } from 'ws';
import { coordinatorOf, remember, rootModule } from '../nest/applications.js';
import { freePort } from '../websockets/gateway-application.js';
import type { INestApplication, Type } from '@nestjs/common';
import type { AddressInfo, Server } from 'node:net';
import type { LogLines } from '../nest/applications.js';
import type { Feature } from './feature.js';

const options = { announceDelayMs: 0, logProgress: false };

async function listen(
  gateway: Type,
  createAdapter: (app: INestApplication) => WsAdapter | IoAdapter,
  logger: LogLines,
): Promise<{ app: INestApplication; port: number }> {
  const root = rootModule({ providers: [gateway], options });
  const app = remember(await NestFactory.create(root, { logger, abortOnError: false }));
  app.useWebSocketAdapter(createAdapter(app));
  await app.listen(0, '127.0.0.1');
  return { app, port: ((app.getHttpServer() as Server).address() as AddressInfo).port };
}

/** A gateway of `ws` with a client; by default on the port of the application. */
export function onWs(
  where: { readonly ownPort?: boolean; readonly path?: string } = {},
  adapt: (adapter: WsAdapter) => void = () => {},
): Feature {
  return async (log) => {
    const ownPort = where.ownPort === true ? await freePort() : undefined;
    const path = where.path ?? '/';
    class Gateway {
      @SubscribeMessage('echo')
      echo(): object {
        return { event: 'echo', data: 'hello' };
      }
    }
    WebSocketGateway(...(ownPort === undefined ? [{ path }] : ([ownPort, { path: where.path }] as never)))(
      Gateway,
    );
    const createAdapter = (app: INestApplication): WsAdapter => {
      const adapter = new WsAdapter(app);
      adapt(adapter);
      return adapter;
    };
    const { app, port } = await listen(Gateway, createAdapter, log);
    const client = new WebSocket(`ws://127.0.0.1:${ownPort ?? port}${path}`);
    await once(client, 'open');
    client.send(JSON.stringify({ event: 'echo' }));
    await once(client, 'message');
    const gone = once(client, 'close');
    return {
      coordinator: coordinatorOf(app),
      outcome: () => gone,
      close: async () => {
        client.terminate();
        await app.close();
      },
    };
  };
}

/** A gateway of socket.io with a client. */
export function onSocketIo(transport: 'polling' | 'websocket'): Feature {
  return async (log) => {
    class Gateway {
      @SubscribeMessage('echo')
      echo(_client: unknown, text: string): string {
        return text;
      }
    }
    WebSocketGateway()(Gateway);
    const { app, port } = await listen(Gateway, (created) => new IoAdapter(created), log);
    const client = io(`http://127.0.0.1:${port}`, {
      transports: [transport],
      forceNew: true,
      reconnection: false,
    });
    await new Promise<void>((resolve) => client.once('connect', resolve));
    await client.emitWithAck('echo', 'hello');
    const gone = new Promise((resolve) => client.once('disconnect', resolve));
    return {
      coordinator: coordinatorOf(app),
      outcome: () => gone,
      close: async () => {
        client.io._close();
        await app.close();
      },
    };
  };
}

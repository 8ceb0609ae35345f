import { webSocketOn } from './web-socket.js';
import type { Socket } from 'node:net';
import type { WebSocket } from './web-socket.js';

/**
 * Calls back with the WebSocket of `ws` that takes over a connection, before anything listens to that WebSocket.
 *
 * `ws` stores the WebSocket on the connection just before it adds its listeners there. That may be long after the
 * request, for example after an asynchronous check. Other protocols and other libraries never cause the callback.
 */
export function onWebSocket(connection: Socket, callback: (webSocket: WebSocket) => void): void {
  const look = (): void => {
    const webSocket = webSocketOn(connection);
    if (!webSocket) return;
    connection.off('newListener', look);
    callback(webSocket);
  };
  connection.on('newListener', look);
}

import { webSocketOn } from './web-socket.js';
import type { Socket } from 'node:net';
import type { WebSocket } from './web-socket.js';

/**
 * Calls back with the WebSocket of `ws` that takes over a connection, before it has a listener.
 *
 * The WebSocket notes itself on the connection just before it listens there, which may be long after the request, for
 * example after an asynchronous check. Nothing happens where another protocol, or another library, takes over.
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

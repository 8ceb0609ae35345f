import { CLOSE_REASONS, type CloseCode } from '../websockets/open-socket.js';
import { webSocketOn } from '../websockets/web-socket.js';
import type { Connection } from './connection.js';

/** FIN and opcode 8: a close frame, https://www.rfc-editor.org/rfc/rfc6455#section-5.5.1. */
const CLOSE_FRAME = 0x88;

/**
 * Asks both sides of an idle upgraded connection to end it.
 *
 * If it is a WebSocket that is proxied to another server, the client gets a close frame, as if the other server had
 * sent it. The other server receives the client's answer and ends the connection. Any other stream is ended.
 */
export function endTunnel({ socket, upgrade }: Connection, code: CloseCode): void {
  const webSocket = webSocketOn(socket);
  if (webSocket) return webSocket.close(code, CLOSE_REASONS[code]);
  // Code that writes to the socket afterwards may have no listener for the error.
  socket.on('error', () => socket.destroy());
  if (upgrade?.protocol?.toLowerCase() === 'websocket' && upgrade.isAnswered) {
    socket.write(closeFrame(code));
  } else {
    socket.end();
  }
}

function closeFrame(code: CloseCode): Buffer {
  const reason = Buffer.from(CLOSE_REASONS[code]);
  const status = Buffer.from([code >> 8, code & 0xff]);
  return Buffer.concat([Buffer.from([CLOSE_FRAME, status.length + reason.length]), status, reason]);
}

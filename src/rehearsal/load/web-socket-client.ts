import { randomBytes } from 'node:crypto';
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { CLOSE, controlFrame, FrameReader, PING, PONG } from './web-socket-frames.js';
import type { Duplex } from 'node:stream';
import type { LongLivedClient, LongLivedEnd } from './long-lived.js';

/** Codes of a close frame that a server sends on purpose: normal, going away, restarting, try again later. */
const CLEAN_CODES = [1000, 1001, 1012, 1013];
const NO_CODE = 1005;

/** Opens a WebSocket; rejects if it is not accepted. */
export function openWebSocket(url: URL, headers: Readonly<Record<string, string>>): Promise<LongLivedClient> {
  return new Promise((resolve, reject) => {
    const request = (url.protocol === 'https:' ? requestHttps : requestHttp)(url, {
      agent: false,
      rejectUnauthorized: false,
      headers: {
        ...headers,
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': randomBytes(16).toString('base64'),
      },
    });
    request.once('upgrade', (_response, socket, head) =>
      resolve({ ended: endOf(socket, head), close: () => socket.destroy() }),
    );
    request.once('response', (response) => {
      response.resume();
      reject(new Error(`it was answered with ${response.statusCode}`));
    });
    request.on('error', reject);
    request.end();
  });
}

function endOf(socket: Duplex, head: Buffer): Promise<LongLivedEnd> {
  return new Promise((resolve) => {
    const reader = new FrameReader();
    const receive = (chunk: Buffer): void => {
      for (const { opcode, payload } of reader.read(chunk)) {
        if (opcode === PING) socket.write(controlFrame(PONG, payload));
        if (opcode !== CLOSE) continue;
        const code = payload.length < 2 ? NO_CODE : payload.readUInt16BE(0);
        const isClean = CLEAN_CODES.includes(code);
        resolve({ at: performance.now(), isClean, how: `closed with ${code}` });
        socket.end(controlFrame(CLOSE, payload));
      }
    };
    socket.on('data', receive);
    socket.on('error', () => undefined);
    // After a close frame it comes too late to count.
    socket.once('close', () =>
      resolve({ at: performance.now(), isClean: false, how: 'its connection was cut without a close frame' }),
    );
    receive(head);
  });
}

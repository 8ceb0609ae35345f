import type { RawClient } from '../support/http/raw-client.js';
import type { Program } from '../support/process/program.js';

const HOST = 'HTTP/1.1\r\nHost: test\r\n';
const UPGRADE = 'Connection: Upgrade\r\nUpgrade: echo\r\n\r\n';
/** The beginning of a TLS record that announces 512 bytes of ClientHello. */
const HALF_A_HELLO = '\x16\x03\x01\x02\x00\x01';

/** What each client does until the server is told to shut down; by its name in the table. */
export const CLIENTS: Readonly<
  Record<string, (connect: () => Promise<RawClient>, program: Program) => Promise<RawClient>>
> = {
  silent: (connect) => connect(),
  'half-open': async (connect) => {
    const client = await connect();
    client.socket.allowHalfOpen = true;
    client.get('/nothing');
    await client.untilResponses(1);
    return client;
  },
  gone: async (connect, program) => {
    const client = await held(connect, program);
    client.socket.resetAndDestroy();
    return client;
  },
  'partial headers': async (connect) => (await connect()).send(`GET /work HTTP/1.1\r\nHo`),
  'upgrade without a handler': async (connect) => {
    const client = (await connect()).send(`GET /nothing ${HOST}${UPGRADE}`);
    await client.untilResponses(1);
    return client;
  },
  CONNECT: async (connect) => (await connect()).send(`CONNECT example.org:443 ${HOST}\r\n`),
  'stalled handshake': async (connect) => (await connect()).send(HALF_A_HELLO),
  'slow reader': (connect, program) => download(connect, program),
  'never reads': (connect, program) => download(connect, program),
  'stalled upload': async (connect) =>
    (await connect()).send(
      `POST /upload ${HOST}Content-Type: application/json\r\nContent-Length: 99\r\n\r\n{"a":`,
    ),
  'stalled chunks': async (connect) =>
    (await connect()).send(
      `POST /upload ${HOST}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n{"a\r\n`,
    ),
  'Expect: 100-continue': async (connect) => {
    const client = (await connect()).send(
      `POST /upload ${HOST}Content-Type: application/json\r\nContent-Length: 99\r\nExpect: 100-continue\r\n\r\n`,
    );
    await client.until('100 Continue');
    return client;
  },
  'dripping upload': async (connect) => {
    const client = (await connect()).send(
      `POST /upload ${HOST}Content-Type: application/json\r\nContent-Length: 9999\r\n\r\n{`,
    );
    const dripping = setInterval(() => client.send(' '), 20);
    void client.ended.then(() => clearInterval(dripping));
    return client;
  },
  'endless stream': async (connect) => {
    const client = (await connect()).get('/stream');
    await client.until('data: 1');
    return client;
  },
  upgraded: async (connect) => {
    const client = (await connect()).send(`GET /socket ${HOST}${UPGRADE}`);
    await client.until('101');
    return client;
  },
};

async function held(connect: () => Promise<RawClient>, program: Program): Promise<RawClient> {
  const client = (await connect()).get('/held');
  await program.event('busy');
  return client;
}

async function download(connect: () => Promise<RawClient>, program: Program): Promise<RawClient> {
  const client = await connect();
  client.socket.pause();
  client.get('/download');
  await program.event('busy');
  return client;
}

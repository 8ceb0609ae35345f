import { Readable } from 'node:stream';
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';

/** Answers a request, by Node's own means. */
export type Form = (response: ServerResponse, request: IncomingMessage) => unknown;

const COOKIES = ['a=1', 'b=2; Path=/'];
const LINKS = ['</a.css>; rel=preload', '</b.js>; rel=preload'];

/** A head by `writeHead`, before and after other headers. */
function heads(name: string, headers: OutgoingHttpHeaders | unknown[]): Record<string, Form> {
  const head = headers as OutgoingHttpHeaders;
  return {
    [name]: (response) => response.writeHead(200, head).end(name),
    [`${name} with a reason`]: (response) => response.writeHead(200, 'Fine', head).end(name),
    [`${name} after setHeader`]: (response) => {
      response.setHeader('X-Before', 'yes');
      response.setHeader('set-cookie', 'before=1');
      return attempt(response, () => response.writeHead(201, head), name);
    },
  };
}

/** Node refuses some heads, and the application answers otherwise. */
function attempt(response: ServerResponse, act: () => unknown, body: string): unknown {
  try {
    act();
  } catch {
    response.setHeader('X-Refused', 'yes');
  }
  return response.end(body);
}

/** Every way to answer. */
export const FORMS: Readonly<Record<string, Form>> = {
  ...heads('an object', { 'X-One': '1', 'Content-Type': 'text/plain' }),
  ...heads('an object of lists', { 'Set-Cookie': COOKIES, Link: LINKS }),
  ...heads('a flat list', ['X-One', '1', 'Content-Type', 'text/plain']),
  ...heads('a flat list with doubles', [
    'Set-Cookie',
    'a=1',
    'Link',
    LINKS[0],
    'Set-Cookie',
    'b=2',
    'Link',
    LINKS[1],
  ]),
  ...heads('pairs with doubles', [
    ['Set-Cookie', 'a=1'],
    ['Set-Cookie', 'b=2'],
    ['Link', LINKS[0]],
    ['Link', LINKS[1]],
  ]),
  ...heads('an empty list', []),
  ...heads('an object with an own connection', { connection: 'keep-alive', 'X-One': '1' }),
  ...heads('a flat list with an own connection', ['Connection', 'keep-alive', 'X-One', '1']),
  ...heads('pairs with an own connection', [
    ['X-One', '1'],
    ['CONNECTION', 'Keep-Alive'],
  ]),
  ...heads('an object with a length', { 'Content-Length': 25 }),
  'no reason, but headers': (response) => {
    const writeHead = response.writeHead.bind(response) as (...given: unknown[]) => ServerResponse;
    return writeHead(200, undefined, { 'X-One': '1' }).end('body');
  },
  'headers twice': (response) => {
    const writeHead = response.writeHead.bind(response) as (...given: unknown[]) => ServerResponse;
    return writeHead(200, { 'X-One': '1' }, { 'X-Two': '2' }).end('body');
  },
  'the end alone': (response) => response.end(),
  'a body': (response) => response.end('body'),
  'a body that is not ASCII': (response) => response.end('bödy – ✓'),
  'a buffer': (response) => response.end(Buffer.from([0, 255, 13, 10])),
  'a long body': (response) => response.end('x'.repeat(300_000)),
  chunks: (response) => {
    for (const part of ['one', 'two', '', 'three']) response.write(part);
    return response.end();
  },
  'a stream': (response) => Readable.from(['one', 'two']).pipe(response),
  'a length that was set': (response) => response.setHeader('Content-Length', 4).end('body'),
  'a length of 0': (response) => response.writeHead(200, { 'Content-Length': '0' }).end(),
  setHeader: (response) => {
    response.setHeader('Set-Cookie', COOKIES);
    response.setHeader('x-lower', 'a');
    response.setHeader('X-Number', 5);
    return response.end('body');
  },
  appendHeader: (response) => {
    response.appendHeader('Link', LINKS[0]!);
    response.appendHeader('Link', LINKS[1]!);
    return response.appendHeader('X-List', ['a', 'b']).end('body');
  },
  setHeaders: (response) => response.setHeaders(new Headers({ 'x-a': '1', 'x-b': '2' })).end('body'),
  'an own connection by setHeader': (response) => response.setHeader('Connection', 'keep-alive').end('body'),
  'an own end of the connection': (response) => response.setHeader('Connection', 'close').end('body'),
  'an own keep-alive': (response) => response.setHeader('Keep-Alive', 'timeout=9').end('body'),
  'no date': (response) => {
    response.sendDate = false;
    return response.end('body');
  },
  'flushed headers': (response) => {
    response.setHeader('X-One', '1');
    response.flushHeaders();
    return response.end('body');
  },
  trailers: (response) => {
    response.writeHead(200, { Trailer: 'X-Sum, X-Other' });
    response.write('body');
    response.addTrailers({ 'X-Sum': '4', 'X-Other': 'o' });
    return response.end();
  },
  'early hints': (response) => {
    response.writeEarlyHints({ link: LINKS, 'x-trace': '1' });
    return response.writeHead(200, ['Link', LINKS[0]!, 'Link', LINKS[1]!]).end('body');
  },
  processing: (response) => {
    response.writeProcessing();
    response.writeProcessing();
    return response.end('body');
  },
  continue: (response) => {
    response.writeContinue();
    return response.end('body');
  },
  '204': (response) => response.writeHead(204, ['Set-Cookie', 'a=1', 'Set-Cookie', 'b=2']).end(),
  '205': (response) => response.writeHead(205).end(),
  '304': (response) => response.writeHead(304, { ETag: '"x"', 'Content-Length': '12' }).end(),
  '204 with a body that is dropped': (response) => {
    response.statusCode = 204;
    return response.end('dropped');
  },
  'an own status and reason': (response) => {
    response.statusCode = 418;
    response.statusMessage = 'Short and Stout';
    return response.end('tea');
  },
  'an unknown status': (response) => response.writeHead(599).end('body'),
  'a head that is written twice': (response) => {
    response.writeHead(200, { 'X-One': '1' });
    try {
      response.writeHead(500);
    } catch {
      // Refused: the head has been sent.
    }
    return response.end('body');
  },
  'a head that is refused at first': (response) =>
    attempt(response, () => response.writeHead(200, { 'X-Bad': 'a\nb' }), 'body'),
  'a list of odd length': (response) =>
    attempt(response, () => response.writeHead(200, ['X-One'] as never), 'body'),
  'a corked body': (response) => {
    response.cork();
    response.write('one');
    response.write('two');
    response.uncork();
    return response.end('three');
  },
  'bytes on the socket': (response) =>
    response.socket?.end('HTTP/1.1 200 Raw\r\nX-Raw: 1\r\nX-Raw: 2\r\nContent-Length: 2\r\n\r\nok'),
  'an abandoned response': (response) => {
    response.writeHead(200, { 'Content-Length': '10' });
    response.write('half');
    return setImmediate(() => response.destroy());
  },
};

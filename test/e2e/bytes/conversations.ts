import { FORMS } from './forms.js';

/** What a client sends, and how many responses it gets. */
export interface Conversation {
  readonly name: string;
  /** Parts to send; with `until`, what must have been received before. */
  readonly sends: readonly (string | { readonly until: string; readonly send: string })[];
  /** Default: 1. Irrelevant if the server ends the connection. */
  readonly responses?: number;
}

const HEAD = 'Host: test\r\n';

const pathOf = (form: string): string => `/form/${encodeURIComponent(form)}`;

const request = (method: string, path: string, headers = '', body = '', version = '1.1'): string =>
  `${method} ${path} HTTP/${version}\r\n${HEAD}${headers}\r\n${body}`;

const get = (form: string, headers = ''): string => request('GET', pathOf(form), headers);

const text = (body: string): [string, string] => [
  `Content-Type: text/plain\r\nContent-Length: ${Buffer.byteLength(body)}\r\n`,
  body,
];

const one = (name: string, send: string): Conversation => ({ name, sends: [send] });

/** The forms that are also asked for by HEAD, HTTP/1.0 and a client that closes. */
const SEVERAL = [
  'a body',
  'chunks',
  'a flat list with doubles',
  'an own connection by setHeader',
  'trailers',
  '304',
];

/** What clients say; the handlers are in the forms and in the controller of the test. */
export const CONVERSATIONS: readonly Conversation[] = [
  ...Object.keys(FORMS).map((form) => one(form, get(form))),
  ...SEVERAL.flatMap((form) => [
    one(`HEAD: ${form}`, request('HEAD', pathOf(form))),
    one(`HTTP/1.0: ${form}`, request('GET', pathOf(form), '', '', '1.0')),
    one(
      `HTTP/1.0 keep-alive: ${form}`,
      request('GET', pathOf(form), 'Connection: keep-alive\r\n', '', '1.0'),
    ),
    one(`closing: ${form}`, get(form, 'Connection: close\r\n')),
  ]),
  one('an upload', request('POST', pathOf('a body'), ...text('sent'))),
  {
    name: 'an upload in parts',
    sends: [request('POST', pathOf('early hints'), text('in two parts')[0], 'in two '), 'parts'],
  },
  one(
    'a chunked upload with trailers',
    request(
      'POST',
      pathOf('a body'),
      'Content-Type: text/plain\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n',
      '4\r\nsent\r\n0\r\nX-Sum: 4\r\n\r\n',
    ),
  ),
  {
    name: 'an upload that is asked for',
    sends: [
      request('POST', pathOf('a body'), `${text('sent')[0]}Expect: 100-continue\r\n`),
      { until: '100 Continue\r\n\r\n', send: 'sent' },
    ],
  },
  one('an expectation that cannot be met', get('a body', 'Expect: something\r\n')),
  { name: 'a pipeline', sends: [get('chunks') + get('a flat list with doubles') + get('204')], responses: 3 },
  {
    name: 'a pipeline of HEAD and GET',
    sends: [
      request('HEAD', pathOf('a long body')) + get('a long body') + request('HEAD', pathOf('trailers')),
    ],
    responses: 3,
  },
  { name: 'a pipeline behind a last request', sends: [get('a body', 'Connection: close\r\n') + get('204')] },
  { name: 'a pipeline with an error behind', sends: [`${get('a body')}NOT HTTP\r\n\r\n`] },
  one('an unknown path', request('GET', '/nowhere')),
  one('an unknown method of a route', request('PUT', '/nest/text')),
  one('a path that does not decode', request('GET', '/nest/%zz')),
  one('OPTIONS *', request('OPTIONS', '*')),
  one('the absolute form', request('GET', `http://test${pathOf('a body')}`)),
  one('TRACE', request('TRACE', '/nest/text')),
  one('no upgrade', get('a body', 'Connection: Upgrade\r\nUpgrade: websocket\r\n')),
  one('no host', 'GET / HTTP/1.1\r\n\r\n'),
  one('two hosts', get('a body', 'Host: other\r\n')),
  one('no HTTP', 'HELLO\r\n\r\n'),
  one('an unknown version', 'GET / HTTP/3.7\r\nHost: test\r\n\r\n'),
  one('a header that is too long', get('a body', `X-Long: ${'x'.repeat(20_000)}\r\n`)),
  one(
    'a length and chunks',
    request('POST', pathOf('a body'), 'Content-Length: 3\r\nTransfer-Encoding: chunked\r\n', 'abc'),
  ),
  ...['text', 'json', 'nothing', 'file', 'events', 'cookies', 'refused', 'broken', 'moved'].map((path) =>
    one(`Nest: ${path}`, request('GET', `/nest/${path}`)),
  ),
  one(
    'Nest: a body that is not JSON',
    request('POST', '/nest/json', 'Content-Type: application/json\r\nContent-Length: 3\r\n', '{ n'),
  ),
  one(
    'Nest: JSON',
    request('POST', '/nest/json', 'Content-Type: application/json\r\nContent-Length: 7\r\n', '{"a":1}'),
  ),
  one('Nest: HEAD', request('HEAD', '/nest/json')),
];

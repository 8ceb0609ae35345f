import { once } from 'node:events';
import http2, {
  type ClientHttp2Session,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from 'node:http2';
import { clientTls } from './tls-with-shared-key.js';

/** What came of a request: an answer, or an error, or one after the other. */
export interface Http2Answer {
  readonly status?: number | undefined;
  readonly headers?: IncomingHttpHeaders;
  readonly body?: string;
  readonly error?: string;
}

/** A client of HTTP/2 that follows the rules. */
export class Http2Client {
  readonly session: ClientHttp2Session;

  private constructor(session: ClientHttp2Session) {
    this.session = session;
  }

  static async connect(scheme: 'http' | 'https', port: number): Promise<Http2Client> {
    const session = http2.connect(`${scheme}://127.0.0.1:${port}`, clientTls);
    session.on('error', () => {});
    await once(session, 'connect');
    return new Http2Client(session);
  }

  /** Resolves when everything has come that will. */
  ask(path: string, headers: OutgoingHttpHeaders = {}): Promise<Http2Answer> {
    const stream = this.session.request({ ':path': path, ...headers }).end();
    let answer: Http2Answer = {};
    let body = '';
    stream.once('response', (headers) => (answer = { status: headers[':status'], headers }));
    stream.once('error', ({ message }: Error) => (answer = { ...answer, error: message }));
    stream.setEncoding('utf8').on('data', (text: string) => (body += text));
    return new Promise((resolve) =>
      stream.once('close', () => resolve(answer.status === undefined ? answer : { ...answer, body })),
    );
  }
}

import { once } from 'node:events';
import {
  Agent,
  createServer,
  request as httpRequest,
  type ClientRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import { pipeline } from 'node:stream';
import type { Duplex } from 'node:stream';
import { ANSWERED_BY_INSTANCE } from '../load/request.js';
import type { Balancer, BalancerOptions } from './balancer.js';

/**
 * A balancer of requests in this process. It knows of no health: it sends to an instance until that is removed. A request
 * that is refused goes to the next instance, as with nginx and HAProxy.
 */
export class BuiltinBalancer implements Balancer {
  readonly name = 'the built-in balancer';
  readonly closesIdleClients = false;
  readonly url: URL;
  readonly #agent = new Agent({ keepAlive: true, maxFreeSockets: 32 });
  readonly #server = createServer((request, response) => this.#answer(request, response, this.#turn()));
  readonly #tunnels = new Set<Duplex>();
  #ports: readonly number[];
  #next = 0;

  private constructor({ port, backends }: BalancerOptions) {
    this.#ports = backends;
    this.url = new URL(`http://127.0.0.1:${port}`);
    this.#server.on('upgrade', (request, socket, head) => this.#tunnel(request, socket, head, this.#turn()));
    // How long a client may be idle is up to the client.
    this.#server.keepAliveTimeout = 0;
  }

  static async start(options: BalancerOptions): Promise<BuiltinBalancer> {
    const balancer = new BuiltinBalancer(options);
    await once(balancer.#server.listen(options.port, '127.0.0.1'), 'listening');
    return balancer;
  }

  // oxlint-disable-next-line require-await -- other balancers take their time
  async route(ports: readonly number[]): Promise<void> {
    this.#ports = [...ports];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    for (const socket of this.#tunnels) socket.destroy();
    this.#agent.destroy();
    await closed;
  }

  /** The instances in the order in which a request tries them. */
  #turn(): readonly number[] {
    const first = this.#next++ % Math.max(1, this.#ports.length);
    return [...this.#ports.slice(first), ...this.#ports.slice(0, first)];
  }

  #answer(request: IncomingMessage, response: ServerResponse, ports: readonly number[]): void {
    const [port, ...others] = ports;
    if (port === undefined) return void response.writeHead(503).end();
    const backend = requestTo(port, request, { agent: this.#agent, headers: endToEnd(request.headers) });
    // Nothing of a body is gone before the connection is accepted.
    onceConnected(backend, () => request.pipe(backend));
    backend.once('response', (answer) => {
      const headers = { ...endToEnd(answer.headers), [ANSWERED_BY_INSTANCE]: 'yes' };
      response.writeHead(answer.statusCode ?? 502, headers);
      response.flushHeaders();
      pipeline(answer, response, () => undefined);
    });
    backend.on('error', (error) => {
      if (isRefusal(error)) this.#answer(request, response, others);
      else if (!response.headersSent) response.writeHead(502).end();
    });
    response.once('close', () => backend.destroy());
  }

  #tunnel(request: IncomingMessage, client: Duplex, head: Buffer, ports: readonly number[]): void {
    const [port, ...others] = ports;
    if (port === undefined) return void client.end('HTTP/1.1 503 Service Unavailable\r\n\r\n');
    const backend = requestTo(port, request, { agent: false, headers: request.headers });
    backend.once('upgrade', (answer, instance, first) => {
      client.write(headOf(answer));
      client.write(first);
      instance.write(head);
      for (const socket of [client, instance]) {
        this.#tunnels.add(socket);
        socket.once('close', () => this.#tunnels.delete(socket));
      }
      pipeline(client, instance, client, () => undefined);
    });
    backend.once('response', (answer) => {
      client.write(headOf(answer));
      pipeline(answer, client, () => undefined);
    });
    backend.on('error', (error) => {
      if (isRefusal(error)) this.#tunnel(request, client, head, others);
      else client.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
    });
    client.on('error', () => backend.destroy());
    backend.end();
  }
}

function requestTo(
  port: number,
  { method, url }: IncomingMessage,
  options: { agent: Agent | false; headers: IncomingHttpHeaders },
): ClientRequest {
  return httpRequest({
    host: '127.0.0.1',
    port,
    setHost: false,
    ...(method !== undefined && { method }),
    ...(url !== undefined && { path: url }),
    ...options,
  });
}

function onceConnected(request: ClientRequest, act: () => void): void {
  request.once('socket', (socket) => {
    if (socket.connecting) socket.once('connect', act);
    else act();
  });
}

/** Headers without those of the connection that they came over. */
function endToEnd(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const { connection: _connection, 'keep-alive': _keepAlive, ...others } = headers;
  return others;
}

function headOf({ statusCode, statusMessage, rawHeaders }: IncomingMessage): string {
  const lines = [`HTTP/1.1 ${statusCode} ${statusMessage}`];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    lines.push(`${rawHeaders[index]}: ${rawHeaders[index + 1]}`);
  }
  return `${lines.join('\r\n')}\r\n\r\n`;
}

function isRefusal(error: NodeJS.ErrnoException): boolean {
  return error.code === 'ECONNREFUSED';
}

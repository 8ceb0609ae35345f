import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';

/** A load balancer for few: each request goes to the first instance that is ready. */
export class FirstReady implements AsyncDisposable {
  readonly #instances: readonly number[];
  readonly #server: http.Server;

  private constructor(instances: readonly number[]) {
    this.#instances = instances;
    this.#server = http.createServer((request, response) => void this.#pass(request, response));
  }

  /** @param instances their ports */
  static async listen(instances: readonly number[]): Promise<FirstReady> {
    const balancer = new FirstReady(instances);
    await once(balancer.#server.listen(0, '127.0.0.1'), 'listening');
    return balancer;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  async #pass(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    for (const port of this.#instances) {
      if (!(await isReady(port))) continue;
      const { method, url: path, headers } = request;
      const onward = http.request({ host: '127.0.0.1', port, method, path, headers, agent: false });
      onward.on('response', (answer) => {
        const { connection: _connection, ...others } = answer.headers;
        response.writeHead(answer.statusCode ?? 502, others);
        answer.on('error', () => response.destroy()).pipe(response);
      });
      onward.on('error', () => response.destroy());
      response.once('close', () => onward.destroy());
      request.pipe(onward);
      return;
    }
    response.writeHead(503).end();
  }
}

async function isReady(port: number): Promise<boolean> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/readyz`);
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}

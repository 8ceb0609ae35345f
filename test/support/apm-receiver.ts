import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { tmpdir } from 'node:os';
import { buffer } from 'node:stream/consumers';
import { gunzipSync, inflateSync } from 'node:zlib';
import type { AddressInfo } from 'node:net';

/** Receives what the agents of Sentry, Datadog and New Relic send, on ports of its own. */
export class ApmReceiver implements AsyncDisposable {
  readonly #received: { readonly url: string; readonly body: string }[] = [];
  readonly #waiters = new Set<() => void>();
  readonly #folder = mkdtempSync(`${tmpdir()}/apm-`);
  readonly #plain: Server;
  readonly #secure: Server;

  private constructor() {
    const answer = (request: IncomingMessage, response: ServerResponse): void =>
      void this.#answer(request, response);
    this.#plain = createServer(answer);
    this.#secure = createSecureServer(this.#makeCertificate(), answer);
  }

  static async start(): Promise<ApmReceiver> {
    const receiver = new ApmReceiver();
    for (const server of [receiver.#plain, receiver.#secure]) {
      await once(server.listen(0, '127.0.0.1'), 'listening');
    }
    return receiver;
  }

  /** Variables that make the agents send here, and nothing of which the tests know nothing. */
  get environment(): Record<string, string> {
    return {
      SENTRY_DSN: `http://key@127.0.0.1:${portOf(this.#plain)}/1`,
      DD_TRACE_AGENT_URL: `http://127.0.0.1:${portOf(this.#plain)}`,
      // Longer than a run, unless a recipe says otherwise: nothing is sent by chance.
      DD_TRACE_FLUSH_INTERVAL: '60000',
      DD_INSTRUMENTATION_TELEMETRY_ENABLED: 'false',
      DD_REMOTE_CONFIGURATION_ENABLED: 'false',
      NEW_RELIC_APP_NAME: 'orders',
      NEW_RELIC_LICENSE_KEY: 'a'.repeat(40),
      NEW_RELIC_HOST: 'localhost',
      NEW_RELIC_PORT: String(portOf(this.#secure)),
      NEW_RELIC_LOG_ENABLED: 'false',
      ...Object.fromEntries(CLOUDS.map((cloud) => [`NEW_RELIC_UTILIZATION_DETECT_${cloud}`, 'false'])),
      NODE_EXTRA_CA_CERTS: `${this.#folder}/certificate.pem`,
    };
  }

  /** Resolves when the agent is ready to send; only New Relic's has to connect. */
  async connected(vendor: string): Promise<void> {
    if (vendor !== 'newrelic') return;
    while (this.bodiesOf('method=agent_settings').length === 0) {
      await new Promise<void>((resolve) => this.#waiters.add(resolve));
    }
  }

  /** The bodies of the requests whose URL contains a text, in order. */
  bodiesOf(part: string): string[] {
    return this.#received.filter(({ url }) => url.includes(part)).map(({ body }) => body);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = request.url ?? '';
    const body = decoded(await buffer(request), request.headers['content-encoding']);
    this.#received.push({ url, body: body.toString('latin1') });
    for (const waiter of this.#waiters) waiter();
    this.#waiters.clear();
    const method = /[?&]method=(\w+)/.exec(url)?.[1];
    response.setHeader('Content-Type', 'application/json');
    response.end(JSON.stringify(method === undefined ? {} : { return_value: this.#resultOf(method) }));
  }

  /** What New Relic's collector returns. */
  #resultOf(method: string): unknown {
    if (method === 'preconnect') return { redirect_host: `localhost:${portOf(this.#secure)}` };
    if (method === 'connect') return { agent_run_id: 1, apdex_t: 0.5, collect_traces: true };
    return [];
  }

  #makeCertificate(): { key: Buffer; cert: Buffer } {
    const [key, certificate] = [`${this.#folder}/key.pem`, `${this.#folder}/certificate.pem`];
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
    execFileSync(
      'openssl',
      ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', certificate, ...subject],
      { stdio: 'ignore' },
    );
    return { key: readFileSync(key), cert: readFileSync(certificate) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of [this.#plain, this.#secure]) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

const CLOUDS = ['AWS', 'AZURE', 'GCP', 'PCF', 'DOCKER', 'KUBERNETES'];

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

function decoded(body: Buffer, encoding: string | undefined): Buffer {
  if (encoding === 'gzip') return gunzipSync(body);
  return encoding === 'deflate' ? inflateSync(body) : body;
}

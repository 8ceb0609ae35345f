import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { get, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { ANSWERED_BY_INSTANCE } from '../load/request.js';
import { BalancerProcess } from './balancer-process.js';
import type { Balancer, BalancerOptions } from './balancer.js';

const NAME = 'nginx';

/** nginx of this machine. It does not check health: instances are added and removed by a new file and a reload. */
export class Nginx implements Balancer {
  readonly name = NAME;
  /** A reload does. Whatever an instance does not answer, it answers with 502: that hides no loss. */
  readonly closesIdleClients = true;
  readonly url: URL;
  readonly #process: BalancerProcess;
  readonly #file: string;
  readonly #statePort: number;
  #generation = 0;

  private constructor(url: URL, process: BalancerProcess, file: string, statePort: number) {
    this.url = url;
    this.#process = process;
    this.#file = file;
    this.#statePort = statePort;
  }

  static async start({ port, ports, backends }: BalancerOptions): Promise<Nginx> {
    const statePort = await ports.take();
    let file = '';
    const process = await BalancerProcess.start(NAME, async (folder) => {
      file = join(folder, 'nginx.conf');
      await writeFile(file, configuration({ port, statePort, generation: 0, backends }));
      return ['-p', folder, '-c', file];
    });
    const nginx = new Nginx(new URL(`http://127.0.0.1:${port}`), process, file, statePort);
    try {
      await nginx.#settled();
    } catch (error) {
      await process[Symbol.asyncDispose]();
      throw error;
    }
    return nginx;
  }

  async route(ports: readonly number[]): Promise<void> {
    this.#generation += 1;
    const [port, statePort, generation] = [this.url.port, this.#statePort, this.#generation];
    await writeFile(this.#file, configuration({ port, statePort, generation, backends: ports }));
    this.#process.signal('SIGHUP');
    await this.#settled();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
  }

  /** Waits until its workers have the newest file. */
  async #settled(): Promise<void> {
    await this.#process.until(async () => (await bodyOf(this.#statePort)) === String(this.#generation));
  }
}

async function bodyOf(port: number): Promise<string | undefined> {
  try {
    const [response] = (await once(get({ host: '127.0.0.1', port, agent: false }), 'response')) as [
      IncomingMessage,
    ];
    return await text(response);
  } catch {
    return undefined;
  }
}

interface Configuration {
  readonly port: number | string;
  readonly statePort: number;
  readonly generation: number;
  readonly backends: readonly number[];
}

/** As the ingress controller of nginx has it: answers are not buffered, idempotent requests are tried elsewhere. */
function configuration({ port, statePort, generation, backends }: Configuration): string {
  const servers = backends.map((backend) => `    server 127.0.0.1:${backend} max_fails=1 fail_timeout=1s;`);
  return `daemon off;
${process.getuid?.() === 0 ? 'user root root;' : ''}
pid nginx.pid;
error_log stderr;
worker_processes 1;
events { worker_connections 4096; }
http {
  access_log off;
  client_max_body_size 0;
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  map $http_upgrade $connection_of_upgrade { default upgrade; '' ''; }
  # The time of the last attempt is a number if a head came from there.
  map $upstream_header_time $answered_by_instance { default ''; '~[0-9]$' yes; }
  upstream application {
${servers.join('\n')}
    # Below the 5 s after which Node closes an idle connection.
    keepalive 32;
    keepalive_timeout 4s;
  }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://application;
      proxy_http_version 1.1;
      proxy_set_header Host $http_host;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_of_upgrade;
      proxy_buffering off;
      proxy_connect_timeout 2s;
      proxy_read_timeout 1h;
      proxy_send_timeout 1h;
      add_header ${ANSWERED_BY_INSTANCE} $answered_by_instance always;
    }
  }
  server {
    listen 127.0.0.1:${statePort};
    return 200 ${generation};
  }
}
`;
}

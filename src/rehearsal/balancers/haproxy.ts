import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { ANSWERED_BY_INSTANCE } from '../load/request.js';
import { probe } from '../load/probe.js';
import { RehearsalError } from '../target/rehearsal-error.js';
import { BalancerProcess } from './balancer-process.js';
import type { Balancer, BalancerOptions } from './balancer.js';

const NAME = 'haproxy';
const BACKEND = 'application';

/** HAProxy of this machine. It checks the health of instances, and is told of each through its socket, as its ingress controller does. */
export class Haproxy implements Balancer {
  readonly name = NAME;
  readonly closesIdleClients = false;
  readonly url: URL;
  readonly #process: BalancerProcess;
  readonly #socket: string;
  /** The ports that its servers have at present. */
  readonly #slots: (number | undefined)[];

  private constructor({ port, most }: BalancerOptions, process: BalancerProcess, socket: string) {
    this.url = new URL(`http://127.0.0.1:${port}`);
    this.#process = process;
    this.#socket = socket;
    this.#slots = Array.from({ length: most }, () => undefined);
  }

  static async start(options: BalancerOptions): Promise<Haproxy> {
    let socket = '';
    const process = await BalancerProcess.start(NAME, async (folder) => {
      socket = join(folder, 'admin.sock');
      const file = join(folder, 'haproxy.cfg');
      await writeFile(file, configuration(options, socket));
      return ['-db', '-f', file];
    });
    const haproxy = new Haproxy(options, process, socket);
    try {
      await process.until(async () => (await probe(haproxy.url)) !== undefined);
      await haproxy.route(options.backends);
    } catch (error) {
      await process[Symbol.asyncDispose]();
      throw error;
    }
    return haproxy;
  }

  async route(ports: readonly number[]): Promise<void> {
    for (const [slot, port] of this.#slots.entries()) {
      if (port === undefined || ports.includes(port)) continue;
      await this.#tell(`set server ${BACKEND}/s${slot} state maint`);
      this.#slots[slot] = undefined;
    }
    for (const port of ports) {
      if (this.#slots.includes(port)) continue;
      const slot = this.#slots.indexOf(undefined);
      await this.#tell(`set server ${BACKEND}/s${slot} addr 127.0.0.1 port ${port}`);
      await this.#tell(`set server ${BACKEND}/s${slot} state ready`);
      this.#slots[slot] = port;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
  }

  /** It answers with nothing, or with what it changed. */
  async #tell(command: string): Promise<void> {
    let answer: string | undefined;
    await this.#process.until(async () => {
      answer = await this.#ask(command).catch(() => undefined);
      return answer !== undefined;
    });
    if (answer === '' || /^(IP|port|no need)\b/i.test(answer!)) return;
    throw new RehearsalError(`${NAME} answered ${JSON.stringify(command)} with ${JSON.stringify(answer)}`);
  }

  async #ask(command: string): Promise<string> {
    const socket = connect(this.#socket);
    await once(socket, 'connect');
    socket.write(`${command}\n`);
    return (await text(socket)).trim();
  }
}

function configuration({ port, most, readinessPath }: BalancerOptions, socket: string): string {
  const servers = Array.from({ length: most }, (_, slot) => `  server s${slot} 127.0.0.1:${port} disabled`);
  const check = [
    '  option httpchk',
    `  http-check send meth GET uri ${quoted(readinessPath ?? '/')} ver HTTP/1.1 hdr Host localhost`,
    '  http-check expect status 200-299',
  ];
  return [
    'global',
    `  stats socket ${quoted(socket)} mode 600 level admin`,
    'defaults',
    '  mode http',
    '  timeout connect 2s',
    // How long an answer may take is up to clients.
    '  timeout client 1h',
    '  timeout server 1h',
    '  timeout tunnel 1h',
    '  retries 3',
    '  option redispatch',
    'frontend clients',
    `  bind 127.0.0.1:${port}`,
    `  default_backend ${BACKEND}`,
    `backend ${BACKEND}`,
    '  balance roundrobin',
    ...(readinessPath === undefined ? [] : check),
    `  http-response set-header ${ANSWERED_BY_INSTANCE} yes`,
    '  default-server check inter 200ms fastinter 200ms fall 2 rise 1',
    ...servers,
    '',
  ].join('\n');
}

/** Nothing has a meaning between single quotes. */
function quoted(word: string): string {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

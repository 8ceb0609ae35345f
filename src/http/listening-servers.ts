import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { Server as HttpServer } from 'node:http';
import { Server as HttpsServer } from 'node:https';
import { Server as NetServer } from 'node:net';
import { activeHandles } from '../process/active-handles.js';
import { callSite } from '../util/call-site.js';
import { isClaimed } from './claim.js';
import type { AddressInfo } from 'node:net';
import type { ProbeCheck } from '../util/probe.js';

/** https://nodejs.org/api/diagnostics_channel.html#event-tracingnetserverlistenasyncstart */
const BEGINS = 'tracing:net.server.listen:asyncStart';
const LISTENS = 'tracing:net.server.listen:asyncEnd';

/** How long the program has to hand over a server that listens already, in milliseconds. */
const SETTLING_MS = 1_000;

/** What the program makes of its servers. */
export interface ListeningServersDependencies {
  readonly probes: ProbeCheck;
  /** Has a server drained if it is recognised. Called when it has begun to listen, and at boot. */
  adopt(this: void, server: NetServer, port: number | undefined): void;
  /** Whether servers of other protocols than HTTP/1.1 may belong to a framework that closes them itself. */
  mayBeOfTransport(this: void): boolean;
  /** Called at most once, with the servers that nothing drains. */
  onUnknown(this: void, servers: string): void;
}

/** Watches the servers of this process that listen. */
export class ListeningServers {
  readonly #dependencies: ListeningServersDependencies;
  readonly #places = new WeakMap<NetServer, string>();
  #isBootstrapped = false;
  #hasWarned = false;
  #settling: NodeJS.Timeout | undefined;

  constructor(dependencies: ListeningServersDependencies) {
    this.#dependencies = dependencies;
    subscribe(BEGINS, this.#onBegins);
    subscribe(LISTENS, this.#onListens);
    this.#adoptAll();
  }

  /** To be called when the program has started; from then on it is warned about servers that nothing drains. */
  onBootstrapped(): void {
    this.#isBootstrapped = true;
    this.#settle();
  }

  dispose(): void {
    unsubscribe(BEGINS, this.#onBegins);
    unsubscribe(LISTENS, this.#onListens);
    clearTimeout(this.#settling);
  }

  readonly #onBegins = (message: unknown): void => {
    const { server } = message as Listening;
    this.#places.set(server, callSite(server, 'listen'));
  };

  readonly #onListens = (message: unknown): void => {
    const { server } = message as Listening;
    this.#adopt(server);
    if (this.#isBootstrapped) this.#settle();
  };

  #adopt(server: NetServer): void {
    try {
      this.#dependencies.adopt(server, addressOf(server)?.port);
    } catch {
      // It stays unknown, and is reported as that: an error here would end the process.
    }
  }

  #settle(): void {
    if (this.#hasWarned) return;
    clearTimeout(this.#settling);
    this.#settling = setTimeout(this.#survey, SETTLING_MS).unref();
  }

  readonly #survey = (): void => {
    const unknown = this.#adoptAll().flatMap((server) => this.#describeIfUnknown(server));
    if (unknown.length === 0) return;
    this.#hasWarned = true;
    this.#dependencies.onUnknown(unknown.join(' and '));
  };

  /** @returns the servers that listen and keep the process alive, as far as Node tells */
  #adoptAll(): NetServer[] {
    const servers = activeHandles(this.#dependencies.probes).filter((handle) => handle instanceof NetServer);
    for (const server of servers) this.#adopt(server);
    return servers;
  }

  #describeIfUnknown(server: NetServer): string[] {
    // Pipes have none: they are how the processes of one program talk to each other.
    const address = addressOf(server);
    if (!address || isClaimed(server)) return [];
    if (!isOfHttp1(server) && this.#dependencies.mayBeOfTransport()) return [];
    const place = this.#places.get(server);
    const host = address.family === 'IPv6' ? `[${address.address}]` : address.address;
    return [`${host}:${address.port}${place === undefined ? '' : ` (listen() called at ${place})`}`];
  }
}

/** What the channels publish. */
interface Listening {
  readonly server: NetServer;
}

function isOfHttp1(server: NetServer): boolean {
  return server instanceof HttpServer || server instanceof HttpsServer;
}

function addressOf(server: NetServer): AddressInfo | undefined {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address : undefined;
}

/** The warning about servers that nothing drains, with what to call. */
export function unknownServers(servers: string, serve: string): string {
  return (
    `This process also listens on ${servers}, and no shutdown drains what arrives there. ` +
    `Pass the server to ${serve}, or call unref() on it if it may end at any time.`
  );
}

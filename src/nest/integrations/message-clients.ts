import { hasMethods, isObject } from '../../util/foreign.js';
import { overrideMethod } from '../../util/override-method.js';
import { PendingResults } from './pending-results.js';
import { isOfClass, transportName } from '../../microservices/transports.js';
import type { OwnRequests } from '../../microservices/message-server-participant.js';
import type { MessageServer } from '../../microservices/message-server.js';

/** What is used of a `ClientProxy`. */
interface MessageClient {
  publish(packet: { readonly pattern: unknown }, callback: Reply): unknown;
}

type Reply = (reply: { readonly err: unknown }) => void;

/**
 * Counts the requests that this process has sent to brokers and that its own servers may have to answer.
 *
 * A broker may deliver such a request to another process as well, which nobody can tell.
 */
export class MessageClients {
  readonly #requests = new Map<MessageServer, RequestsToServer>();

  /** Returns the requests that a server may have to answer. */
  requestsTo(server: MessageServer): RequestsToServer {
    const requests = this.#requests.get(server) ?? new RequestsToServer();
    this.#requests.set(server, requests);
    return requests;
  }

  /**
   * Watches the clients among these instances, and among their properties, where `@Client()` puts them.
   *
   * @returns functions that restore the clients
   */
  watch(instances: readonly object[]): (() => void)[] {
    const candidates = instances.flatMap((instance) => [instance, ...propertiesOf(instance)]);
    return [...new Set(candidates)].filter(isClient).map((client) => this.#watchClient(client));
  }

  #watchClient(client: MessageClient & object): () => void {
    return overrideMethod(client, 'publish', (publish) => (packet, reply, ...rest) => {
      const { pattern } = Object(packet) as { readonly pattern?: unknown };
      const asked = [...this.#requests].filter(([server]) => answers(server, client, pattern));
      if (asked.length === 0) return publish(packet, reply, ...rest);
      const ends = asked.map(([, requests]) => requests.begin());
      // A broker drops or refuses a request that nobody receives.
      const starts = asked.flatMap(([, requests]) => requests.receiving() ?? []);
      let stop: unknown;
      if (starts.length === 0) stop = publish(packet, reply, ...rest);
      else {
        void Promise.all(starts)
          .then(() => ends.length > 0 && (stop = publish(packet, reply, ...rest)))
          .catch((err: unknown) => (reply as Reply)({ err }));
      }
      // Called when the request has been answered, or nobody waits for the answer any more.
      return () => {
        for (const end of ends.splice(0)) end();
        if (typeof stop === 'function') (stop as () => void)();
      };
    });
  }
}

/** The requests of this process to one of its own servers. */
export class RequestsToServer extends PendingResults implements OwnRequests {
  receiving: OwnRequests['receiving'] = () => undefined;
}

function isClient(candidate: object): candidate is MessageClient & object {
  return hasMethods(candidate, ['send', 'emit', 'connect', 'publish', 'dispatchEvent', 'assignPacketId']);
}

/** Whether the server is of the transport of the client, and has a handler for the pattern. */
function answers(server: MessageServer, client: object, pattern: unknown): boolean {
  if (!isOfClass(client, `Client${transportName(server)}`)) return false;
  const route = typeof pattern === 'string' ? pattern : JSON.stringify(pattern);
  return Boolean(server.getHandlerByPattern?.(route));
}

function propertiesOf(instance: object): object[] {
  return Object.values(Object.getOwnPropertyDescriptors(instance))
    .map(({ value }): unknown => value)
    .filter(isObject);
}

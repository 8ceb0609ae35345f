import { operationIn, isGraphqlProtocol, type GraphqlOperation } from './graphql-operation.js';

/** A message that has reached a listener and may still be in progress. */
export class HeardMessage {
  /** On the monotonic clock. */
  readonly heardAt: number;
  readonly #data: unknown;
  readonly #protocol: string;
  #operation: GraphqlOperation | undefined | null = null;

  constructor(data: unknown, protocol: string, heardAt: number) {
    this.#data = data;
    this.#protocol = protocol;
    this.heardAt = heardAt;
  }

  /** Whether the message requests something finite: not a subscription, and no GraphQL message without an answer. */
  get isWork(): boolean {
    return !this.isGraphql || (this.#asks !== undefined && this.#asks.type !== 'subscription');
  }

  /** Whether the server is certain to answer. */
  get isGraphql(): boolean {
    return isGraphqlProtocol(this.#protocol);
  }

  /** The name for the report, on a socket whose name there is `socket`. */
  nameOn(socket: string): string {
    if (!this.#asks) return socket;
    const { type, name } = this.#asks;
    return `${type}${name === undefined ? '' : ` ${name}`} on ${socket}`;
  }

  /** Parsed on demand, which happens only during a shutdown. */
  get #asks(): GraphqlOperation | undefined {
    if (this.#operation === null) this.#operation = this.isGraphql ? operationIn(this.#data) : undefined;
    return this.#operation;
  }
}

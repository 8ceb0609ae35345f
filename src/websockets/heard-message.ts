import { operationIn, speaksGraphql, type GraphqlOperation } from './graphql-operation.js';

/** A message that has reached a listener and may be in work. */
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

  /** Whether it asks for something that has an end. A subscription has none, and what else GraphQL says wants no answer. */
  get isWork(): boolean {
    return !this.isGraphql || (this.#asks !== undefined && this.#asks.type !== 'subscription');
  }

  /** Whether an answer to it is sure to come. */
  get isGraphql(): boolean {
    return speaksGraphql(this.#protocol);
  }

  /** For the report, on a socket that is called `socket` there. */
  nameOn(socket: string): string {
    if (!this.#asks) return socket;
    const { type, name } = this.#asks;
    return `${type}${name === undefined ? '' : ` ${name}`} on ${socket}`;
  }

  /** Read on demand only, which happens only during a shutdown. */
  get #asks(): GraphqlOperation | undefined {
    if (this.#operation === null) this.#operation = this.isGraphql ? operationIn(this.#data) : undefined;
    return this.#operation;
  }
}

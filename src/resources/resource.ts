import { messageOf } from '../core/errors.js';
import { DISCONNECTED } from './close-redis.js';
import { RESOURCE_TYPES } from './resource-types.js';
import type { Closer } from './find-closer.js';
import type { ResourcePhase } from './resource-types.js';
import type { ResourceInfo, ResourceOptions, ResourceType } from './resource-options.js';

/** Errors of clients and servers that are closed a second time. */
const CLOSED_ALREADY =
  /\balready (been )?(closed|closing|ended|destroyed|disconnected|stopped|shut ?down|disposed|released)\b|\bmore than once\b/i;
const CLOSED_CODES: readonly unknown[] = ['ERR_SERVER_NOT_RUNNING', 'CONNECTION_CLOSED'];

/** A registered resource: what it is, when it is closed, and how. */
export class Resource {
  readonly name: string;
  readonly object: object;
  readonly type: ResourceType;
  readonly phase: ResourcePhase;
  readonly priority: number;
  readonly timeoutMs: number;
  readonly after: readonly string[];
  readonly registeredAt: string;

  readonly #closer: Closer;

  constructor(
    name: string,
    object: object,
    closer: Closer,
    options: ResourceOptions,
    defaults: { readonly timeoutMs: number; readonly registeredAt: string },
  ) {
    this.name = name;
    this.object = object;
    this.#closer = closer;
    this.type = options.type ?? closer.client?.type ?? 'custom';
    const rules = RESOURCE_TYPES[this.type];
    this.phase = rules.phase;
    this.priority = options.priority ?? rules.priority;
    this.timeoutMs = options.timeoutMs ?? defaults.timeoutMs;
    this.after = options.after ?? [];
    this.registeredAt = defaults.registeredAt;
  }

  get info(): ResourceInfo {
    const { name, type, priority, after, registeredAt, busy } = this;
    const closedBy = this.#closer.label;
    return { name, type, priority, after, closedBy, registeredAt, ...(busy !== undefined && { busy }) };
  }

  /** Number of its connections in use; `undefined` if the client does not expose it. */
  get busy(): number | undefined {
    try {
      return this.#closer.client?.busy?.(this.object);
    } catch {
      return undefined;
    }
  }

  /**
   * Closes it, unless it is closed already.
   *
   * @returns what there is to be said about it
   */
  async close(signal: AbortSignal): Promise<string | undefined> {
    const nothingToClose = `${this.name} was not open; nothing to close`;
    if (this.#isClosed) return nothingToClose;
    try {
      if ((await this.#closer.call(signal)) !== DISCONNECTED) return undefined;
      return `${this.name} was disconnected: a blocking command was in the way`;
    } catch (error) {
      if (this.#closer.isOwn || !this.#saysItIsClosed(error)) throw error;
      return nothingToClose;
    }
  }

  /** Drops it without waiting after closing has timed out; never rejects. */
  async drop(): Promise<void> {
    try {
      if (!this.#closer.isOwn) await this.#closer.client?.drop?.(this.object);
    } catch {
      // There is nothing left to try.
    }
  }

  get #isClosed(): boolean {
    try {
      return this.#closer.client?.isClosed?.(this.object) ?? false;
    } catch {
      return false;
    }
  }

  #saysItIsClosed(error: unknown): boolean {
    const message = messageOf(error);
    const { code } = Object(error) as NodeJS.ErrnoException;
    return (
      CLOSED_ALREADY.test(message) ||
      CLOSED_CODES.includes(code) ||
      (this.#closer.client?.closedError?.test(message) ?? false)
    );
  }
}

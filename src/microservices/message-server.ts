/** A handler of messages, as Nest registers it with a server. */
export type MessageHandler = (this: unknown, ...args: unknown[]) => unknown;

/** Sends one packet of a reply. */
export type Respond = (packet: unknown) => unknown;

/** What is used of a server of Nest, or of a custom strategy. */
export interface MessageServer {
  readonly transportId?: unknown;
  addHandler(pattern: unknown, handler: MessageHandler, isEvent?: boolean, extras?: unknown): unknown;
  getHandlers?(): Map<unknown, MessageHandler>;
  getHandlerByPattern?(pattern: string): unknown;
  listen(callback: (...results: unknown[]) => void): unknown;
  close(): unknown;
}

/** Returns the name of a pattern for people: itself, as JSON, or as `Service/Method` for gRPC. */
export function nameOfPattern(pattern: unknown): string {
  if (typeof pattern === 'string') return pattern;
  if (pattern instanceof RegExp) return String(pattern);
  const { service, rpc } = Object(pattern) as { service?: unknown; rpc?: unknown };
  if (typeof service === 'string' && typeof rpc === 'string') return `${service}/${rpc}`;
  try {
    return JSON.stringify(pattern) ?? String(pattern);
  } catch {
    return 'an unnamed pattern';
  }
}

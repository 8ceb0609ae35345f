/** What happens to an event stream when draining begins. */
export type ShutdownStreamOptions =
  | {
      /** The stream gets a last event and ends, at its instant in the reconnect window. */
      readonly policy: 'end';
    }
  | {
      /** The stream goes on and is expected to end by itself. */
      readonly policy: 'finish';
      /**
       * Limit, in milliseconds from the beginning of the drain, after which a stream that has not ended by itself gets a
       * last event and ends. Default for a stream that answers GET, and upper limit: the last moment that leaves enough
       * time to end it. Default for any other: none; the end of the drain cuts it.
       */
      readonly maxMs?: number | undefined;
    };

/** The policy of the event streams of a route that `@ShutdownStream()` cannot reach. */
export type EventStreamRoute = ShutdownStreamOptions & {
  /**
   * The route: `/mcp`, `POST /graphql`, `/chats/:id/events` or `/live/*` (everything below). Paths are as the client
   * sends them, prefix included.
   */
  readonly route: string;
};

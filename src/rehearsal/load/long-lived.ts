/** How a connection that stays open for long came to its end, as its client sees it. */
export interface LongLivedEnd {
  /** In the milliseconds of `performance.now()`. */
  readonly at: number;
  readonly isClean: boolean;
  /** What was seen, in a few words. */
  readonly how: string;
}

/** A client of an event stream or a WebSocket that is open. */
export interface LongLivedClient {
  readonly ended: Promise<LongLivedEnd>;
  close(this: void): void;
}

import type { HandBack } from '../../microservices/hand-back.js';

export type { HandBack };

/** Fetches jobs or messages. One file for each supported package implements it. */
export interface Consumer {
  /** Kind of what it consumes, for the log and the report. */
  readonly kind: 'job' | 'message';
  /** Stops fetching; settles when nothing more can arrive. Work in progress continues. */
  pause(): Promise<void>;
  /** Fetches again, unless the application had paused it. */
  resume(): Promise<void>;
  /** Settles when work in progress has finished; called while paused. Never settles if this cannot be determined. */
  idle(): Promise<void>;
  /** Returns the names of the jobs or messages in progress, such as `4711 of orders`. */
  unfinished(): string[];
  /** Hands unfinished jobs or messages back; rejects if none can be handed back. */
  handBack(): Promise<HandBack[]>;
  /** Returns the names of what is lost when the consumer is closed, although nothing works on it. */
  doomed?(): Promise<string[]>;
  /** Abandons unfinished jobs or messages, so that closing does not wait for them. */
  abandon(): void;
  /** Closes the consumer, if its package leaves that to the application. */
  close?(): Promise<void>;
  /** What this process waits for, if it can be determined. */
  readonly waits?: Waits;
}

/** The results that this process waits for, and that its own consumers may have to produce. */
export interface Waits {
  /** Returns whether this process currently waits for a result. */
  any(): boolean;
  /** Calls `listener` whenever {@link any} may have changed; returns a function that stops this. */
  onChange(listener: () => void): () => void;
}

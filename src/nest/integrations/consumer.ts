import type { HandBack } from '../../microservices/hand-back.js';

export type { HandBack };

/** Something that fetches jobs or messages, in the terms of a shutdown; each package has a file that makes one of its instances. */
export interface Consumer {
  /** What it consumes, for the log and the report. */
  readonly kind: 'job' | 'message';
  /** Stops fetching; settles when nothing more can come. What it has goes on. */
  pause(): Promise<void>;
  /** Fetches again, unless the application had paused it. */
  resume(): Promise<void>;
  /** Settles when it has finished what it has; it is paused. Never settles where that cannot be known. */
  idle(): Promise<void>;
  /** What it is working on at this moment, by names for people: `4711 of orders`. */
  unfinished(): string[];
  /** Gives back what has not finished; rejects when all of it stays. */
  handBack(): Promise<HandBack[]>;
  /** Gives up what has not finished, so that closing it does not wait for that. */
  letGo(): void;
  /** Closes it, where the package leaves that to the application. */
  close?(): Promise<void>;
  /** What this process itself waits for, where it can be seen. */
  readonly waits?: Waits;
}

/** What a process waits for: the results of jobs that its own consumers may have to do. */
export interface Waits {
  /** Whether there is anything at this moment. */
  any(): boolean;
  /** Is called whenever the answer has changed; returns a function that ends that. */
  onChange(listener: () => void): () => void;
}

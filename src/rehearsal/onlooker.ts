import type { Observations } from './observations.js';

/** What a rehearsal tells while it goes on. */
export interface Onlooker {
  /** What the application prints, as it comes. */
  output(text: string): void;
  /** A step was taken. */
  step(text: string): void;
  /** Requests are sent from now on. */
  loading(observations: Observations): void;
}

import type { LogLines } from '../nest/applications.js';
import type { ShutdownCoordinator } from 'nestjs-drain';

/** A program that uses something, and has some of that under way. */
export interface RunningProgram {
  readonly coordinator: ShutdownCoordinator;
  /** Lets what is under way come to its end; to be called when the shutdown has begun. */
  finish?(this: void): unknown;
  /** What has come of it, for the test to see; to be called when the shutdown is over. */
  outcome?(this: void): unknown;
  close(this: void): Promise<unknown>;
}

/** Something that programs use. */
export type Feature = (log: LogLines) => Promise<RunningProgram>;

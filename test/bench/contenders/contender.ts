import type { INestApplication, ModuleMetadata, NestApplicationOptions } from '@nestjs/common';

/** How long a shutdown serves every request, where a package has a setting for that: longer than balancers need. */
export const DELAY_MS = 1_500;
/** How long requests may take from then on, where a package has a setting for that: longer than the slowest. */
export const DRAIN_MS = 3_000;
/** When the platform kills. */
export const GRACE_MS = 7_000;

/** What an application of a contender is started with. */
export interface Setup {
  readonly app: INestApplication;
  readonly listen: () => Promise<unknown>;
  /** A free port for health routes, for packages that open one. */
  readonly healthPort: number;
}

/** A way to end a Nest application. */
export interface Contender {
  readonly name: string;
  /** The package to compare; absent for Nest itself. */
  readonly packageName?: string;
  /** What is set, in a few words, for the table of settings. */
  readonly settings: string;
  /** Where it tells whether it is ready; absent if that is not its business. */
  readonly ready?: { readonly path: string; readonly hasOwnPort?: boolean };
  readonly options?: NestApplicationOptions;
  imports?(): Promise<NonNullable<ModuleMetadata['imports']>>;
  /** Makes it ready to be ended, and listens. */
  start(setup: Setup): Promise<void>;
}

import type { ResourceType } from './resource-options.js';

/** The phases in which resources are closed; loggers after the last one, when the outcome has been logged. */
export const RESOURCE_PHASES = ['release', 'flush', 'afterwards'] as const;

/** When a resource is closed. */
export type ResourcePhase = (typeof RESOURCE_PHASES)[number];

/** Phase and default priority of a resource type. */
export interface TypeRules {
  readonly phase: ResourcePhase;
  readonly priority: number;
}

/** Resources come before those they use: a consumer writes to a database, and both write to the logger. */
export const RESOURCE_TYPES: Readonly<Record<ResourceType, TypeRules>> = {
  consumer: { phase: 'release', priority: 500 },
  custom: { phase: 'release', priority: 400 },
  'http-client': { phase: 'release', priority: 300 },
  cache: { phase: 'release', priority: 200 },
  database: { phase: 'release', priority: 100 },
  telemetry: { phase: 'flush', priority: 20 },
  logger: { phase: 'afterwards', priority: 10 },
};

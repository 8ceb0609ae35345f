import type { ResourceType } from './resource-options.js';

/** Phase and default priority of a resource type. */
export interface TypeRules {
  readonly phase: 'release' | 'flush';
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
  logger: { phase: 'flush', priority: 10 },
};

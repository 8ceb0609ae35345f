import { DevelopmentEndpoint } from './development-endpoint.js';
import { DrainEndpoint } from './drain-endpoint.js';
import { HealthGate } from './health-gate.js';
import { HealthRoutes } from './health-routes.js';
import { Readiness } from './readiness.js';
import { ShutdownHealthIndicator } from './shutdown-health.indicator.js';
import type { Provider } from '@nestjs/common';

/** Everything of this folder, for a module that imports Terminus and has the options and the coordinator. */
export const HEALTH_PROVIDERS: readonly Provider[] = [
  ShutdownHealthIndicator,
  Readiness,
  DrainEndpoint,
  DevelopmentEndpoint,
  HealthRoutes,
  HealthGate,
];

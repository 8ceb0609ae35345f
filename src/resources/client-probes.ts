import { hasMethod, read } from '../util/foreign.js';
import type { Probe } from '../util/probe.js';

export const POOL_OF_KNEX: Probe<object> = {
  name: 'Knex.client.pool',
  package: 'knex',
  ifMissing: 'the number of its connections in use is unknown, and so is whether it is already closed',
  isPresent: (knex) => {
    const client = Object(read(knex, 'client')) as object;
    const pool = read(client, 'pool');
    // `undefined` once it is closed.
    return 'pool' in client && (pool === undefined || hasMethod(Object(pool) as object, 'numUsed'));
  },
};

export const ENDING_OF_PG_POOL: Probe<object> = {
  name: 'Pool.ending',
  package: 'pg',
  ifMissing: 'a pool that other code is already closing is closed again',
  isPresent: (pool) => typeof read(pool, 'ending') === 'boolean',
};

export const CLOSED_OF_WORKER: Probe<object> = {
  name: 'Worker.closed',
  package: 'bullmq',
  ifMissing: 'a worker that other code has already closed is closed again',
  isPresent: (worker) => typeof read(worker, 'closed') === 'boolean',
};

export const POOL_OF_TYPEORM: Probe<object> = {
  name: 'DataSource.driver.master',
  package: 'typeorm',
  ifMissing: 'the number of connections of a DataSource in use is unknown',
  isPresent: (source) => {
    if (
      read(source, 'isInitialized') !== true ||
      read(Object(read(source, 'options')), 'type') !== 'postgres'
    ) {
      return true;
    }
    return typeof read(Object(read(Object(read(source, 'driver')), 'master')), 'idleCount') === 'number';
  },
};

/** All probes of this folder. */
export const CLIENT_PROBES: readonly Probe[] = [
  POOL_OF_KNEX,
  ENDING_OF_PG_POOL,
  CLOSED_OF_WORKER,
  POOL_OF_TYPEORM,
];

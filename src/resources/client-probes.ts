import { hasMethod, read } from '../util/foreign.js';
import type { Probe } from '../util/probe.js';

export const POOL_OF_KNEX: Probe<object> = {
  name: 'Knex.client.pool',
  package: 'knex',
  ifMissing: 'neither how many of its connections are in use is known, nor whether it is closed already',
  isPresent: (knex) => {
    const client = Object(read(knex, 'client')) as object;
    const pool = read(client, 'pool');
    // It is empty once that was closed.
    return 'pool' in client && (pool === undefined || hasMethod(Object(pool) as object, 'numUsed'));
  },
};

export const ENDING_OF_PG_POOL: Probe<object> = {
  name: 'Pool.ending',
  package: 'pg',
  ifMissing: 'a pool that somebody else is closing is closed once more',
  isPresent: (pool) => typeof read(pool, 'ending') === 'boolean',
};

export const CLOSED_OF_WORKER: Probe<object> = {
  name: 'Worker.closed',
  package: 'bullmq',
  ifMissing: 'a worker that somebody else has closed is closed once more',
  isPresent: (worker) => typeof read(worker, 'closed') === 'boolean',
};

export const POOL_OF_TYPEORM: Probe<object> = {
  name: 'DataSource.driver.master',
  package: 'typeorm',
  ifMissing: 'how many connections of a DataSource are in use is not known',
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

/** All of these. */
export const CLIENT_PROBES: readonly Probe[] = [
  POOL_OF_KNEX,
  ENDING_OF_PG_POOL,
  CLOSED_OF_WORKER,
  POOL_OF_TYPEORM,
];

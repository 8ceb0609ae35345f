import type { PackageGroup } from '../package-row.js';

const REGISTER = "`resources.register('orders-db', client)`.";
const NOTHING = 'Nothing.';
const OFFLINE = 'Tested without a server.';

export const CLIENTS: PackageGroup = {
  title: 'Databases, caches and other clients',
  packages: [
    {
      name: '@prisma/client',
      installedAs: ['prisma-client-5', 'prisma-client-6', 'prisma-client-7'],
      found: 'The hooks of a class that extends the client, and of an extended client from a factory.',
      write: `Nothing, with a hook of your own. Otherwise ${REGISTER}`,
      limits: 'Tested without a database.',
      clients: ['Prisma client'],
      specs: ['e2e/nest/prisma.spec.ts'],
    },
    {
      name: 'typeorm',
      includes: ['@nestjs/typeorm'],
      found: 'The hook of `TypeOrmModule`, which runs when no request uses the data source any more.',
      write: `Nothing, with \`TypeOrmModule\`. Otherwise ${REGISTER}`,
      limits: 'The number of connections in use is known on PostgreSQL only.',
      clients: ['TypeORM DataSource'],
      specs: ['services/resources.postgres.redis.spec.ts', 'unit/resources/known-clients.spec.ts'],
    },
    {
      name: 'mongoose',
      includes: ['mongodb'],
      found: NOTHING,
      write: REGISTER,
      limits: OFFLINE,
      clients: ['Mongoose', 'Mongoose connection', 'MongoDB client'],
      specs: ['unit/resources/known-clients.spec.ts', 'unit/tasks/lazy-promises.spec.ts'],
    },
    {
      name: 'knex',
      found: NOTHING,
      write: REGISTER,
      limits: OFFLINE,
      clients: ['Knex'],
      specs: ['unit/resources/known-clients.spec.ts', 'e2e/tasks/track-task.spec.ts'],
    },
    {
      name: 'mysql2',
      found: NOTHING,
      write: `${REGISTER} Pools only.`,
      limits: `${OFFLINE} The number of connections in use is not known.`,
      clients: ['mysql2 pool'],
      specs: ['unit/resources/known-clients.spec.ts'],
    },
    {
      name: 'pg',
      found: NOTHING,
      write: REGISTER,
      limits: 'A client that is not given back holds its pool to the timeout; it is counted and cut.',
      clients: ['pg Pool', 'pg Client'],
      specs: ['services/resources.postgres.redis.spec.ts', 'unit/resources/known-clients.spec.ts'],
    },
    {
      name: 'ioredis',
      found: NOTHING,
      write: `${REGISTER} Also a cluster.`,
      limits: 'A command that blocks is not answered: its connection is ended, with a line in the log.',
      clients: ['ioredis'],
      specs: ['services/resources.postgres.redis.spec.ts', 'services/blocked-clients.redis.spec.ts'],
    },
    {
      name: 'redis',
      found: NOTHING,
      write: REGISTER,
      limits: 'A command that blocks is not answered: its connection is ended, with a line in the log.',
      clients: ['redis'],
      specs: ['services/blocked-clients.redis.spec.ts', 'unit/resources/known-clients.spec.ts'],
    },
  ],
};

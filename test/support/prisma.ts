import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/** The majors of Prisma that people have; each is a development dependency of its own. */
export const PRISMA_MAJORS = [5, 6, 7] as const;
export type PrismaMajor = (typeof PRISMA_MAJORS)[number];

/** What is used of a generated client with one model. */
export interface PrismaClient {
  readonly order: { readonly findMany: unknown };
  $disconnect(): Promise<void>;
  $extends(extension: object): object;
}

/** The engine that needs no binary until it connects. */
const RUNTIMES: Readonly<Record<PrismaMajor, string>> = { 5: 'binary', 6: 'client', 7: 'client' };

const MODEL = {
  models: {
    Order: {
      dbName: null,
      schema: null,
      fields: [{ name: 'id', kind: 'scalar', type: 'Int', isId: true, isRequired: true }],
      primaryKey: null,
      uniqueFields: [],
      uniqueIndexes: [],
    },
  },
  enums: {},
  types: {},
};

/** The client that `prisma generate` makes of a schema with one model: the runtime is Prisma's own. */
export function prismaClient(major: PrismaMajor): new (options: object) => PrismaClient {
  const engineType = RUNTIMES[major];
  const { getPrismaClient } = require(`prisma-client-${major}/runtime/${engineType}.js`) as {
    getPrismaClient(this: void, config: object): new (options: object) => PrismaClient;
  };
  return getPrismaClient({
    previewFeatures: [],
    clientVersion: `${major}.0.0`,
    engineVersion: '0',
    activeProvider: 'postgresql',
    inlineSchema: '',
    inlineSchemaHash: '0',
    runtimeDataModel: MODEL,
    parameterizationSchema: { strings: [], graph: 'AAAA' },
    dirname: '/',
    relativePath: '',
    relativeEnvPaths: {},
    datasourceNames: ['db'],
    inlineDatasources: { db: { url: { value: 'postgresql://nobody@127.0.0.1:1/orders' } } },
    injectableEdgeEnv: () => ({ parsed: {} }),
    generator: {
      name: 'client',
      provider: { value: 'prisma-client-js', fromEnvVar: null },
      config: { engineType },
      binaryTargets: [],
    },
  });
}

/** What a client is made with: the newer ones want a driver adapter, which connects when it is used. */
export function prismaOptions(major: PrismaMajor): object {
  const adapter = {
    provider: 'postgres',
    adapterName: 'none',
    connect: () => Promise.reject(new Error('no database')),
  };
  return major === 5 ? {} : { adapter };
}

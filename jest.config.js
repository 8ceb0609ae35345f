/** @type {import('jest').Config} */
const base = {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: {
    '^nestjs-drain$': '<rootDir>/src/index.ts',
    '^nestjs-drain/(early|testing)$': '<rootDir>/src/$1/index.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  modulePathIgnorePatterns: [
    '<rootDir>/dist/',
    '<rootDir>/dist-test/',
    '<rootDir>/test/nest-11/package.json',
  ],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
          target: 'es2022',
          keepClassNames: true,
        },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
  setupFiles: ['<rootDir>/test/support/esm-bridge.ts'],
  resolver: '<rootDir>/test/support/resolver.cjs',
  restoreMocks: true,
};

const nest11 = '<rootDir>/test/nest-11/node_modules';

/** @type {import('jest').Config} */
export default {
  coverageProvider: 'v8',
  collectCoverageFrom: ['src/**/*.ts', '!src/**/index.ts'],
  testTimeout: 30_000,
  projects: [
    { ...base, displayName: 'unit', testMatch: ['<rootDir>/test/unit/**/*.spec.ts'] },
    { ...base, displayName: 'e2e', testMatch: ['<rootDir>/test/e2e/**/*.spec.ts'] },
    {
      ...base,
      displayName: 'e2e on Nest 11',
      testMatch: ['<rootDir>/test/e2e/**/*.spec.ts'],
      moduleNameMapper: {
        ...base.moduleNameMapper,
        '^(@nestjs/[^/]+|rxjs|reflect-metadata)(/.*)?$': `${nest11}/$1$2`,
      },
    },
    {
      ...base,
      displayName: 'process',
      testMatch: ['<rootDir>/test/{process,package,examples,types}/**/*.spec.ts'],
    },
  ],
};

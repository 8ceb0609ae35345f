import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { leftOut } from './scripts/find-tools.mjs';

/** @type {import('jest').Config} */
const base = {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: {
    '^nestjs-drain$': '<rootDir>/src/index.ts',
    '^nestjs-drain/(.+)$': '<rootDir>/src/$1/index.ts',
    '^#rehearsal/(.+)\\.js$': '<rootDir>/src/rehearsal/$1.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  testPathIgnorePatterns: ['/node_modules/', ...leftOut().map(({ files }) => files)],
  modulePathIgnorePatterns: [
    '<rootDir>/build/',
    '<rootDir>/dist/',
    '<rootDir>/dist-test/',
    '<rootDir>/\\.test-cache/',
    '<rootDir>/test/nest-11/package.json',
    '<rootDir>/test/nest-11.0/package.json',
    '<rootDir>/test/package/consumers/',
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
  resolver: '<rootDir>/test/support/resolver.cjs',
  restoreMocks: true,
};

/** Resolves the packages that a folder lists from there. */
function mappedTo(folder) {
  const { dependencies } = JSON.parse(
    readFileSync(new URL(`${folder}/package.json`, import.meta.url), 'utf8'),
  );
  return {
    ...base.moduleNameMapper,
    [`^(${Object.keys(dependencies).join('|')})(/.*)?$`]: `<rootDir>/${folder}/node_modules/$1$2`,
  };
}

/** For specs that load Nest into Jest itself. @type {import('jest').Config} */
const withNest = { ...base, setupFiles: ['<rootDir>/test/support/esm-bridge.ts'] };

/** @type {import('jest').Config} */
export default {
  coverageProvider: 'v8',
  collectCoverageFrom: ['src/**/*.ts', '!src/**/index.ts'],
  // Tests wait for events, not for time: only one that hangs needs so long, or a machine that is busy with other work.
  testTimeout: 90_000,
  globalTeardown: '<rootDir>/scripts/tell-left-out.mjs',
  // By default there is only one on two cores, although most of the time goes into waiting for child processes.
  maxWorkers: Math.max(4, availableParallelism() - 1),
  testSequencer: '<rootDir>/scripts/waiting-first.mjs',
  // Modules of a finished file stay in memory as long as its worker does.
  workerIdleMemoryLimit: '1GB',
  projects: [
    { ...base, displayName: 'unit', testMatch: ['<rootDir>/test/unit/**/*.spec.ts'] },
    {
      ...withNest,
      displayName: 'e2e',
      testMatch: ['<rootDir>/test/e2e/**/*.spec.ts'],
      globals: { expectedNestMajor: 12 },
    },
    {
      ...withNest,
      displayName: 'e2e on Nest 11',
      testMatch: ['<rootDir>/test/e2e/**/*.spec.ts'],
      globals: { expectedNestMajor: 11 },
      moduleNameMapper: mappedTo('test/nest-11'),
    },
    {
      ...withNest,
      displayName: 'bare on Nest 11.0',
      testMatch: ['<rootDir>/test/e2e/{bare,bytes}/**/*.spec.ts'],
      globals: { expectedNestVersion: '11.0.0' },
      moduleNameMapper: mappedTo('test/nest-11.0'),
    },
    {
      ...base,
      displayName: 'process',
      testMatch: [
        '<rootDir>/test/{process,faults,examples,types}/**/*.spec.ts',
        '<rootDir>/test/package/*.spec.ts',
      ],
    },
    { ...base, displayName: 'services', testMatch: ['<rootDir>/test/services/**/*.spec.ts'] },
  ],
};

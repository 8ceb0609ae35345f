import { CLIENTS } from './packages/clients.js';
import { HTTP } from './packages/http.js';
import { MICROSERVICES } from './packages/microservices.js';
import { NEST } from './packages/nest.js';
import { OBSERVABILITY } from './packages/observability.js';
import { PROCESSES } from './packages/processes.js';
import { QUEUES } from './packages/queues.js';
import { TASKS } from './packages/tasks.js';
import { WEB_SOCKETS } from './packages/web-sockets.js';
import type { PackageGroup, PackageRow } from './package-row.js';

/** What `docs/compatibility.md` is made of: add a package to the group that it belongs to. */
export const GROUPS: readonly PackageGroup[] = [
  NEST,
  HTTP,
  MICROSERVICES,
  PROCESSES,
  TASKS,
  QUEUES,
  WEB_SOCKETS,
  CLIENTS,
  OBSERVABILITY,
];

export const ROWS: readonly PackageRow[] = GROUPS.flatMap(({ packages }) => packages);

/** The names by which the packages of a row are imported. */
export function importedNames({ name, installedAs = [name], includes = [] }: PackageRow): readonly string[] {
  return [...installedAs, ...includes];
}

/** Development dependencies that no application meets, and what they are for. */
export const TOOLS: Readonly<Record<string, string>> = {
  '@arethetypeswrong/cli': 'checks the package',
  '@golevelup/ts-jest': 'mocks every dependency in tests',
  '@jest/globals': 'runs the tests',
  '@jest/test-sequencer': 'runs the tests',
  '@nestjs/cli': 'starts projects in tests',
  '@swc/core': 'compiles the tests',
  '@swc/jest': 'compiles the tests',
  ajv: 'validates reports',
  'fast-check': 'makes up cases',
  jest: 'runs the tests',
  oxlint: 'lints',
  'oxlint-tsgolint': 'lints',
  'p-queue': 'is what background tasks are measured against',
  prettier: 'formats',
  publint: 'checks the package',
  'puppeteer-core': 'looks at pages in a browser',
  rolldown: 'builds the package',
  rollup: 'builds the declarations of the package',
  'rollup-plugin-dts': 'builds the declarations of the package',
  'socket.io-client': 'is a client in tests',
  typedoc: 'writes the pages of the API',
  'typedoc-plugin-markdown': 'writes the pages of the API',
  typescript: 'builds the package',
  vitepress: 'builds the documentation site',
  yaml: 'reads manifests in the documentation',
};

import { expect, it } from '@jest/globals';
import { createRequire } from 'node:module';

const { expectedNestMajor, expectedNestVersion = expectedNestMajor } = globalThis as unknown as {
  expectedNestMajor?: number;
  expectedNestVersion?: string;
};

it(`runs on Nest ${expectedNestVersion}`, () => {
  const { version } = createRequire(import.meta.url)('@nestjs/core/package.json') as { version: string };

  expect(`${version}.`).toMatch(new RegExp(`^${String(expectedNestVersion).replaceAll('.', '\\.')}\\.`));
});

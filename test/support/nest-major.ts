import { createRequire } from 'node:module';

const { version } = createRequire(import.meta.url)('@nestjs/core/package.json') as { version: string };

/** The major version of the Nest that this test file runs on: 11 or 12. */
export const nestMajor = Number.parseInt(version, 10);

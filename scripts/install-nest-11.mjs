import { fileURLToPath } from 'node:url';
import { installLocked } from './install-locked.mjs';

/** Installs the newest and the oldest Nest 11. */
for (const name of ['nest-11', 'nest-11.0']) {
  process.exitCode ||= installLocked(fileURLToPath(new URL(`../test/${name}/`, import.meta.url)));
}

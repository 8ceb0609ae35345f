import { readFileSync } from 'node:fs';
import { register } from 'node:module';

/** Loaded with `--import`: gives the program the packages of test/bench/peers. */
const home = new URL('../../../test/bench/peers/package.json', import.meta.url);
const { dependencies } = JSON.parse(readFileSync(home, 'utf8')) as { dependencies: Record<string, string> };

register('../../support/process/resolve-from.js', import.meta.url, {
  data: { home: home.href, packages: Object.keys(dependencies) },
});

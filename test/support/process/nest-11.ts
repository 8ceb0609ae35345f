import { readFileSync } from 'node:fs';
import { register } from 'node:module';

/** Loaded with `--import`: gives the program the packages of test/nest-11 wherever it asks for one of them. */
const home = new URL('../../../test/nest-11/package.json', import.meta.url);
const { dependencies } = JSON.parse(readFileSync(home, 'utf8')) as { dependencies: Record<string, string> };

register('./resolve-from.js', import.meta.url, {
  data: { home: home.href, packages: Object.keys(dependencies) },
});

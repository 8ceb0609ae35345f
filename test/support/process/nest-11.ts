import { readFileSync } from 'node:fs';
import { register } from 'node:module';

/** Loaded with `--import`: gives the program the packages of a folder with an older Nest wherever it asks for one of them. */
const folder = process.env['NEST_FOLDER'] ?? 'nest-11';
const home = new URL(`../../../test/${folder}/package.json`, import.meta.url);
const { dependencies } = JSON.parse(readFileSync(home, 'utf8')) as { dependencies: Record<string, string> };

register('./resolve-from.js', import.meta.url, {
  data: { home: home.href, packages: Object.keys(dependencies) },
});

import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { rolldown } from 'rolldown';
import { rollup } from 'rollup';
import { dts } from 'rollup-plugin-dts';

/**
 * Makes what is published of what tsc has compiled to `build`: a file for each subpath, and some that several of them
 * share, as ES modules and as CommonJS, each with its declarations. Decision 54 says why.
 */
const { exports, bin } = JSON.parse(readFileSync('package.json', 'utf8'));
const published = [...Object.values(exports).map((target) => target.import?.default), ...Object.values(bin)];
const subpaths = published
  .filter((path) => path !== undefined)
  .map((path) => relative('dist/esm', path).replace(/\.js$/, ''));

/** Everything but the package's own files. */
const external = /^[^./]/;

function inputs(extension) {
  return Object.fromEntries(subpaths.map((name) => [name, `build/${name}${extension}`]));
}

rmSync('dist', { recursive: true, force: true });

const code = await rolldown({ input: inputs('.js'), external, platform: 'node' });
const declarations = await rollup({
  input: inputs('.d.ts'),
  external,
  // Its last step imports what other subpaths export from these, `index.d.ts` among them, which needs Nest.
  plugins: [{ ...dts(), generateBundle: undefined }],
  onwarn: failOnWarning,
});
for (const format of ['esm', 'cjs']) {
  const dir = `dist/${format}`;
  await code.write({
    dir,
    format,
    entryFileNames: '[name].js',
    chunkFileNames: 'shared/[name].js',
    // Names of classes are tokens, and appear in messages.
    keepNames: true,
    // The declarations have them.
    comments: { jsdoc: false, legal: false, annotation: true },
  });
  // The same for both formats: the package.json beside them says what they are.
  await declarations.write({
    dir,
    format: 'esm',
    entryFileNames: '[name].d.ts',
    chunkFileNames: ({ name }) => `shared/${name.replace(/\.d$/, '')}.d.ts`,
  });
}
// The package is of the type "module".
writeFileSync('dist/cjs/package.json', '{ "type": "commonjs" }\n');

function failOnWarning(warning) {
  // The command line and the early signals declare nothing; the rest does not matter outside of this package.
  if (warning.code !== 'EMPTY_BUNDLE' && warning.plugin !== 'dts') throw new Error(warning.message);
}

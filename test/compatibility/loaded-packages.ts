import { existsSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';

/** What `import` and `require` load; a type alone is not loaded. */
const IMPORTS = [
  /^\s*(?:import|export)\s(?!type\b)[^'"`;]*?\bfrom\s*(['"`])(?<specifier>[^'"`\n]+)\1/gm,
  /\bimport\s*(['"`])(?<specifier>[^'"`\n]+)\1/g,
  /\b(?:import|require|require\.resolve|createRequire\([^)]*\)(?:\.resolve)?)\s*\(\s*(['"`])(?<specifier>[^'"`\n]+)\1/g,
  // Preloaded by Node, or given to a package in place of another version.
  /(?:--require|--import|\bOTEL_API:)[',\s]*(['"`])(?<specifier>[^'"`\n]+)\1/g,
];
/** A program that a spec starts, by its name in `dist-test`. */
const PROGRAMS = /(['"`])(?<program>(?:fixtures|examples|chaos|faults|bench)\/[\w/-]+)\1/g;

/**
 * Finds the packages that a spec loads, in its own file, in files of `test` that it imports, and in programs that it
 * starts. What this package itself imports does not count.
 *
 * @param spec a path below `test/`
 * @returns a function that tells whether a package is among them
 */
export function loadedBy(spec: string): (packageName: string) => boolean {
  const patterns = Array.from(closureOf(spec).specifiers, patternOf);
  return (name) => patterns.some((pattern) => pattern.test(name));
}

/** Returns the text of a spec, of files of `test` that it imports, and of programs that it starts. */
export function textOf(spec: string): string {
  return closureOf(spec)
    .files.map((file) => readFileSync(file, 'utf8'))
    .join('\n');
}

interface Closure {
  readonly files: readonly string[];
  /** What the files import from packages. */
  readonly specifiers: ReadonlySet<string>;
}

function closureOf(spec: string): Closure {
  const specifiers = new Set<string>();
  const files = [posix.join('test', spec)];
  for (const file of files) {
    const text = readFileSync(file, 'utf8');
    const imported = IMPORTS.flatMap((pattern) => [...text.matchAll(pattern)]).map(({ groups }) =>
      (groups?.['specifier'] ?? '').replace(/^.*node_modules\//, ''),
    );
    for (const specifier of imported.filter((name) => !name.startsWith('.'))) specifiers.add(specifier);
    const relative = imported
      .filter((specifier) => specifier.startsWith('.'))
      .map((specifier) => posix.join(posix.dirname(file), specifier.replace(/\.js$/, '.ts')));
    const programs = [...text.matchAll(PROGRAMS)].map(({ groups }) => `test/${groups?.['program'] ?? ''}.ts`);
    for (const next of [...relative, ...programs])
      if (next.startsWith('test/') && !files.includes(next) && existsSync(next)) files.push(next);
  }
  return { files, specifiers };
}

/** A specifier, of which a part may be computed: `prisma-client-${major}/runtime/client.js`. */
function patternOf(specifier: string): RegExp {
  const depth = specifier.startsWith('@') ? 2 : 1;
  const packageName = specifier.split('/').slice(0, depth).join('/');
  const parts = packageName.split(/\$\{[^}]*\}/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('[^/]+')}$`);
}

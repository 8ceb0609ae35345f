import { isBuiltin } from 'node:module';
import { posix } from 'node:path';
import ts from 'typescript';

/** A file of `src`; the path begins with `src/`. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

export interface PackageManifest {
  readonly exports: Readonly<Record<string, unknown>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
}

/** From the innermost outwards. A folder may import from itself and from further in; a new one takes its place here. */
const LAYERS: readonly (readonly string[])[] = [
  ['util'],
  ['core'],
  ['config'],
  ['report'],
  ['health', 'process', 'resources', 'sse', 'tasks', 'websockets'],
  ['http'],
  ['nest'],
  ['cli', 'early', 'index.ts', 'metrics', 'opentelemetry', 'rehearsal', 'standalone', 'testing'],
];

/** What core may have of Node: nothing that touches the world outside. */
const CORE_BUILTINS: readonly string[] = ['node:async_hooks'];

/** Who may touch `process`: one acts upon it, the other reads what it says, and the third is a program of its own. */
const OF_THE_PROCESS: readonly string[] = ['process', 'config', 'cli'];

/** What is wrong with `files`, one sentence each. */
export function violations(files: readonly SourceFile[], manifest: PackageManifest): string[] {
  return files.flatMap((file) => [
    ...importsOf(file).flatMap((specifier) => wrongImport(file, specifier, manifest)),
    ...wrongIndex(file, manifest),
    ...wrongGlobal(file),
  ]);
}

function wrongImport(file: SourceFile, specifier: string, manifest: PackageManifest): string[] {
  const complain = (why: string): string[] => [`${file.path} imports ${specifier}: ${why}`];
  const from = folderOf(file.path);

  if (specifier.startsWith('.')) {
    const to = folderOf(posix.join(posix.dirname(file.path), specifier.replace(/\.js$/, '.ts')));
    if (to === from) return [];
    const [inner, outer] = [layerOf(to), layerOf(from)];
    if (inner < 0) return complain(`${to} has no layer in structure-rules.ts`);
    return inner < outer ? [] : complain('imports point inwards, to core');
  }
  if (from === 'core') {
    return CORE_BUILTINS.includes(specifier) ? [] : complain('core imports nothing but core');
  }
  if (isBuiltin(specifier)) return [];

  const name = /^(@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? specifier;
  if (!(name in manifest.peerDependencies)) return complain('it is no peer dependency');
  const isOptional = manifest.peerDependenciesMeta?.[name]?.optional === true;
  return isOptional && !(`./${from}` in manifest.exports)
    ? complain('an optional peer is imported only by the subpath that needs it')
    : [];
}

function wrongIndex(file: SourceFile, manifest: PackageManifest): string[] {
  const found: string[] = [];
  const folder = posix.relative('src', posix.dirname(file.path));
  const subpath = folder === '' ? '.' : `./${folder}`;
  if (posix.basename(file.path) === 'index.ts' && !(subpath in manifest.exports)) {
    found.push(`${file.path} is no public subpath`);
  }
  if (layerOf(folderOf(file.path)) < 0) found.push(`${file.path} has no layer in structure-rules.ts`);
  const source = ts.createSourceFile(file.path, file.text, ts.ScriptTarget.Latest);
  for (const statement of source.statements) {
    if (
      ts.isExportDeclaration(statement) &&
      !(statement.exportClause && ts.isNamedExports(statement.exportClause))
    ) {
      found.push(`${file.path} exports *`);
    }
  }
  return found;
}

function wrongGlobal(file: SourceFile): string[] {
  if (OF_THE_PROCESS.includes(folderOf(file.path))) return [];
  const source = ts.createSourceFile(file.path, file.text, ts.ScriptTarget.Latest, true);
  let isTouched = false;
  const visit = (node: ts.Node): void => {
    if (
      (ts.isPropertyAccessExpression(node) ||
        ts.isElementAccessExpression(node) ||
        ts.isAsExpression(node)) &&
      ts.isIdentifier(node.expression) &&
      node.expression.text === 'process'
    ) {
      isTouched = true;
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return isTouched ? [`${file.path} touches process: only src/process, src/config and src/cli do`] : [];
}

function importsOf(file: SourceFile): string[] {
  return ts.preProcessFile(file.text, true, true).importedFiles.map(({ fileName }) => fileName);
}

/** What is loaded when `entry` is, types aside: files of `src`, and everything else by the name it is asked for. */
export function loadedBy(
  entry: string,
  files: readonly SourceFile[],
): { readonly ours: readonly string[]; readonly foreign: readonly string[] } {
  const texts = new Map(files.map(({ path, text }) => [path, text]));
  const ours = new Set([entry]);
  const foreign = new Set<string>();
  for (const path of ours) {
    const source = ts.createSourceFile(path, texts.get(path) ?? '', ts.ScriptTarget.Latest);
    for (const statement of source.statements) {
      const isLoaded =
        (ts.isImportDeclaration(statement) && !statement.importClause?.isTypeOnly) ||
        (ts.isExportDeclaration(statement) && !statement.isTypeOnly);
      const { moduleSpecifier } = statement as { moduleSpecifier?: ts.Expression };
      if (!isLoaded || !moduleSpecifier || !ts.isStringLiteral(moduleSpecifier)) continue;
      const { text } = moduleSpecifier;
      if (text.startsWith('.')) ours.add(posix.join(posix.dirname(path), text.replace(/\.js$/, '.ts')));
      else foreign.add(text);
    }
  }
  return { ours: [...ours], foreign: [...foreign] };
}

function folderOf(path: string): string {
  return path.split('/')[1] ?? path;
}

function layerOf(folder: string): number {
  return LAYERS.findIndex((layer) => layer.includes(folder));
}

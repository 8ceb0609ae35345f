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
}

/** From the ground up. A room may import from itself and from the floors below; a new room takes its place here. */
const FLOORS: readonly (readonly string[])[] = [
  ['util'],
  ['core'],
  ['config'],
  ['planning', 'report'],
  ['microservices', 'process', 'resources', 'sse', 'tasks', 'websockets'],
  ['http', 'program'],
  ['health'],
  ['nest/lifecycle', 'nest/health'],
  ['nest/decorators'],
  ['nest/integrations'],
  ['nest'],
  ['early', 'index.ts', 'metrics', 'opentelemetry', 'rehearsal/load', 'standalone', 'testing'],
  ['rehearsal/target'],
  ['rehearsal/balancers', 'rehearsal/cluster'],
  ['rehearsal'],
  ['rehearsal/output', 'rehearsal/scenario'],
  ['rehearsal/flags'],
  ['rehearsal/api'],
  ['rehearsal/index.ts'],
  ['cli'],
];

/** What the lowest rooms may have of Node: nothing that touches the world outside. */
const BUILTINS: Readonly<Record<string, readonly string[]>> = {
  util: ['node:url', 'node:util/types'],
  core: ['node:async_hooks'],
  planning: [],
};

/** The rooms that know Nest, or a package that runs in it. Everything else is plain Node. */
const OF_NEST: readonly string[] = ['microservices', 'nest', 'metrics', 'opentelemetry', 'testing'];

/** The peers that every application with the module has. */
const OF_EVERY_APPLICATION: readonly string[] = [
  '@nestjs/common',
  '@nestjs/config',
  '@nestjs/core',
  '@nestjs/terminus',
  'reflect-metadata',
  'rxjs',
];

/** Who may touch `process`: one acts upon it, another reads what it says, and two are a program of their own. */
const OF_THE_PROCESS: readonly string[] = ['process', 'config', 'cli', 'rehearsal'];

/** What tells that a file in `util` knows what it is used for. */
const OF_SHUTDOWN = /shut(ting)? ?down|drain|participant|coordinator/i;

/** How many files `nest` has beside its rooms. */
const MOST_FILES_IN_NEST = 8;

/** What is wrong with `files`, one sentence each. */
export function violations(files: readonly SourceFile[], manifest: PackageManifest): string[] {
  return [
    ...files.flatMap((file) => [
      ...importsOf(file).flatMap((specifier) => wrongImport(file, specifier, manifest)),
      ...wrongIndex(file, manifest),
      ...wrongGlobal(file),
      ...wrongWord(file),
    ]),
    ...crowdedRoom(files),
  ];
}

function wrongWord({ path, text }: SourceFile): string[] {
  const word = roomOf(path) === 'util' ? OF_SHUTDOWN.exec(text)?.[0] : undefined;
  return word === undefined ? [] : [`${path} says "${word}": util knows nothing of shutdowns`];
}

function crowdedRoom(files: readonly SourceFile[]): string[] {
  const inNest = files.filter(({ path }) => posix.dirname(path) === 'src/nest');
  return inNest.length > MOST_FILES_IN_NEST
    ? [`src/nest has ${inNest.length} files of its own, and ${MOST_FILES_IN_NEST} at most: use its rooms`]
    : [];
}

function wrongImport(file: SourceFile, specifier: string, manifest: PackageManifest): string[] {
  const complain = (why: string): string[] => [`${file.path} imports ${specifier}: ${why}`];
  const from = roomOf(file.path);

  if (specifier.startsWith('.')) {
    const to = roomOf(posix.join(posix.dirname(file.path), specifier.replace(/\.js$/, '.ts')));
    if (to === from) return [];
    const [lower, upper] = [floorOf(to), floorOf(from)];
    if (lower < 0) return complain(`${to} has no floor in structure-rules.ts`);
    return lower < upper ? [] : complain(`imports point downwards, and ${to} is not below ${from}`);
  }
  const builtins = BUILTINS[from];
  if (builtins) return builtins.includes(specifier) ? [] : complain(`${from} imports nothing from outside`);
  if (isBuiltin(specifier)) return [];
  if (!OF_NEST.includes(folderOf(from))) return complain(`${from} is plain Node`);

  const name = /^(@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? specifier;
  if (!(name in manifest.peerDependencies)) return complain('it is no peer dependency');
  return !OF_EVERY_APPLICATION.includes(name) && !(`./${from}` in manifest.exports)
    ? complain('a peer that not every application has is imported only by the subpath that needs it')
    : [];
}

function wrongIndex(file: SourceFile, manifest: PackageManifest): string[] {
  const found: string[] = [];
  const folder = posix.relative('src', posix.dirname(file.path));
  const subpath = folder === '' ? '.' : `./${folder}`;
  if (posix.basename(file.path) === 'index.ts' && !(subpath in manifest.exports)) {
    found.push(`${file.path} is no public subpath`);
  }
  if (floorOf(roomOf(file.path)) < 0) found.push(`${file.path} has no floor in structure-rules.ts`);
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
  if (OF_THE_PROCESS.includes(folderOf(roomOf(file.path)))) return [];
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
  return isTouched
    ? [`${file.path} touches process: only src/process, src/config, src/cli and src/rehearsal do`]
    : [];
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

/** `nest/lifecycle` for `src/nest/lifecycle/hook-call.ts`, `nest` for `src/nest/http-binding.ts`. */
function roomOf(path: string): string {
  const [, ...parts] = path.split('/');
  const own = parts.join('/');
  // A file may have a floor of its own.
  if (floorOf(own) >= 0) return own;
  return parts.length > 1 ? parts.slice(0, -1).join('/') : parts.join('/');
}

/** `nest` for each of its rooms. */
function folderOf(room: string): string {
  return room.split('/')[0] ?? room;
}

function floorOf(room: string): number {
  return FLOORS.findIndex((floor) => floor.includes(room));
}

import ts from 'typescript';
import { read, ROOT } from './markdown.js';

/** An export of a public subpath. */
export interface PublicExport {
  readonly name: string;
  /** `class`, `function`, `const`, `enum`, `interface` or `type`; with "(type only)" where the value is not exported. */
  readonly kind: string;
}

/** The public subpaths, as they are imported, each with its index file. */
export function publicSubpaths(): { readonly specifier: string; readonly file: string }[] {
  const { exports } = JSON.parse(read('package.json')) as { exports: Record<string, unknown> };
  return Object.keys(exports)
    .filter((subpath) => !subpath.endsWith('.json'))
    .map((subpath) => ({
      specifier: `nestjs-drain${subpath.slice(1)}`,
      file: `src${subpath.slice(1)}/index.ts`,
    }));
}

/** What index files export, file by file. */
export function exportsOf(files: readonly string[]): Map<string, PublicExport[]> {
  const { config } = ts.readConfigFile(`${ROOT}tsconfig.json`, (path) => ts.sys.readFile(path)) as {
    config: object;
  };
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [] }, ts.sys, ROOT);
  const program = ts.createProgram(
    files.map((file) => ROOT + file),
    options,
  );
  const checker = program.getTypeChecker();
  return new Map(
    files.map((file) => {
      const source = program.getSourceFile(ROOT + file);
      if (!source) throw new Error(`there is no ${file}`);
      // A file without exports is no module: it has no symbol.
      const module = checker.getSymbolAtLocation(source);
      return [
        file,
        module ? checker.getExportsOfModule(module).map((symbol) => toExport(symbol, checker)) : [],
      ];
    }),
  );
}

function toExport(symbol: ts.Symbol, checker: ts.TypeChecker): PublicExport {
  const isAlias = (symbol.flags & ts.SymbolFlags.Alias) !== 0;
  const kind = kindOf(isAlias ? checker.getAliasedSymbol(symbol) : symbol);
  const isTypeOnly = symbol.declarations?.some(ts.isTypeOnlyExportDeclaration) ?? false;
  const isValue = kind !== 'interface' && kind !== 'type';
  return { name: symbol.name, kind: isValue && isTypeOnly ? `${kind} (type only)` : kind };
}

function kindOf({ flags, name }: ts.Symbol): string {
  if (flags & ts.SymbolFlags.Class) return 'class';
  if (flags & ts.SymbolFlags.Function) return 'function';
  if (flags & ts.SymbolFlags.Enum) return 'enum';
  if (flags & ts.SymbolFlags.Variable) return 'const';
  if (flags & ts.SymbolFlags.Interface) return 'interface';
  if (flags & ts.SymbolFlags.TypeAlias) return 'type';
  throw new Error(`${name} is an export of a kind that nobody expected`);
}

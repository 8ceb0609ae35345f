import { beforeAll, describe, expect, it } from '@jest/globals';
import ts from 'typescript';
import { sourceOf } from './compile-block.js';
import { codeBlocks, guides, ROOT } from './markdown.js';
import type { CodeBlock } from './markdown.js';

interface Snippet {
  readonly title: string;
  /** A file that is not there: the compiler is told what is in it. */
  readonly file: string;
  readonly source: string;
}

/** What documents have that do not show it: an application's root module. */
const ROOT_MODULE = `
import { Module } from '@nestjs/common';
import { GracefulShutdownModule } from 'nestjs-drain';
@Module({ imports: [GracefulShutdownModule] })
export class AppModule {}
`;

/**
 * Every `ts` block, and every `diff` of one as it is afterwards. A first line such as `// app.module.ts` names it for
 * the other blocks of its document.
 */
function snippets(): Snippet[] {
  return guides()
    .flatMap((path) => codeBlocks(path, 'ts', 'diff').map(toSnippet))
    .filter((snippet) => snippet !== undefined);
}

function toSnippet(block: CodeBlock): Snippet | undefined {
  const source = sourceOf(block);
  const name = /^\/\/ ([\w.-]+)\.ts\n/.exec(source)?.[1];
  if (block.language === 'diff' && name === undefined) return undefined;
  const folder = `${ROOT}test/unit/docs/snippets-of-${block.path.replaceAll('/', '-')}`;
  return {
    title: `${block.path}:${block.line}`,
    file: `${folder}/${name ?? `line-${block.line}`}.ts`,
    source: `${source}\nexport {};\n`,
  };
}

function compile(files: readonly Snippet[]): Map<string, string[]> {
  const { config } = ts.readConfigFile(`${ROOT}tsconfig.json`, (path) => ts.sys.readFile(path));
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [] }, ts.sys, ROOT);
  const disk = ts.createCompilerHost(options);
  const sources = new Map(files.map(({ file, source }) => [file, source]));
  const folders = new Set(files.map(({ file }) => file.slice(0, file.lastIndexOf('/'))));
  for (const folder of folders) {
    const file = `${folder}/app.module.ts`;
    if (!sources.has(file)) sources.set(file, ROOT_MODULE);
  }
  const host: ts.CompilerHost = {
    ...disk,
    fileExists: (file) => sources.has(file) || disk.fileExists(file),
    readFile: (file) => sources.get(file) ?? disk.readFile(file),
    directoryExists: (folder) => folders.has(folder) || (disk.directoryExists?.(folder) ?? true),
    getSourceFile(file, version, ...rest) {
      const source = sources.get(file);
      return source === undefined
        ? disk.getSourceFile(file, version, ...rest)
        : ts.createSourceFile(file, source, version);
    },
  };
  const program = ts.createProgram([...sources.keys()], options, host);
  return new Map(
    [...sources.keys()].map((file) => [
      file,
      ts.getPreEmitDiagnostics(program, program.getSourceFile(file)).map(describeDiagnostic),
    ]),
  );
}

function describeDiagnostic({ file, start, messageText }: ts.Diagnostic): string {
  const line = file && start !== undefined ? file.getLineAndCharacterOfPosition(start).line + 1 : 0;
  return `line ${line}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
}

describe('a snippet', () => {
  const all = snippets();
  let errors = new Map<string, string[]>();
  beforeAll(() => {
    errors = compile(all);
  }, 120_000);

  it('has a file name that no other snippet of its document has', () => {
    expect(new Set(all.map(({ file }) => file)).size).toBe(all.length);
  });

  it.each(all)('compiles: $title', ({ file }) => {
    expect(errors.get(file)).toEqual([]);
  });
});

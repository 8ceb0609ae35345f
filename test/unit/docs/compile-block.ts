import { mkdirSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import ts from 'typescript';
import { codeBlocks, ROOT } from './markdown.js';
import type { CodeBlock } from './markdown.js';

/** Returns the TypeScript of a block; of a diff, as it is afterwards. */
export function sourceOf({ language, code }: CodeBlock): string {
  if (language !== 'diff') return code;
  return code
    .split('\n')
    .filter((line) => !line.startsWith('-'))
    .map((line) => line.slice(1))
    .join('\n');
}

/** Returns the block of TypeScript in a guide that has this file name as its first line. */
export function namedBlock(guide: string, fileName: string): string {
  const [source, ...others] = codeBlocks(guide, 'ts', 'diff')
    .map(sourceOf)
    .filter((text) => text.startsWith(`// ${fileName}\n`));
  if (source === undefined || others.length > 0)
    throw new Error(`${guide} has no block ${fileName}, or several`);
  return source;
}

/**
 * Compiles a block of TypeScript in a guide, which has its file name as its first line.
 *
 * @returns the URL of its module
 */
export function compileBlock(guide: string, fileName: string): string {
  return pathToFileURL(writeModule('guide', fileName, namedBlock(guide, fileName))).href;
}

/**
 * Compiles a file into a folder of the test's cache.
 *
 * @returns its path
 */
export function writeModule(folderName: string, fileName: string, source: string): string {
  const { outputText } = ts.transpileModule(source, {
    compilerOptions: {
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.ES2022,
      experimentalDecorators: true,
      emitDecoratorMetadata: true,
    },
  });
  const folder = `${ROOT}.test-cache/${folderName}`;
  mkdirSync(folder, { recursive: true });
  const file = `${folder}/${fileName.replace(/\.ts$/, '.js')}`;
  writeFileSync(file, outputText);
  return file;
}

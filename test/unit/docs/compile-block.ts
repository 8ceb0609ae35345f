import { mkdirSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import ts from 'typescript';
import { codeBlocks, ROOT } from './markdown.js';

/**
 * Compiles a block of TypeScript in a guide, which has its file name as its first line.
 *
 * @returns the URL of its module
 */
export function compileBlock(guide: string, fileName: string): string {
  const [block, ...others] = codeBlocks(guide, 'ts').filter(({ code }) =>
    code.startsWith(`// ${fileName}\n`),
  );
  if (!block || others.length > 0) throw new Error(`${guide} has no block ${fileName}, or several`);
  const { outputText } = ts.transpileModule(block.code, {
    compilerOptions: {
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.ES2022,
      experimentalDecorators: true,
      emitDecoratorMetadata: true,
    },
  });
  const folder = `${ROOT}.test-cache/guide`;
  mkdirSync(folder, { recursive: true });
  const file = `${folder}/${fileName.replace(/\.ts$/, '.js')}`;
  writeFileSync(file, outputText);
  return pathToFileURL(file).href;
}

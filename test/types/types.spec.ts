import { describe, expect, it } from '@jest/globals';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = fileURLToPath(new URL('../../', import.meta.url));
const expectations = `${root}test/types/public-api.ts`;
const nest11 = `${root}test/nest-11/node_modules`;

/** What the compiler says about the expectations, against the declarations in `dist`. */
function complaints(paths: Record<string, string[]>): string[] {
  const { config } = ts.readConfigFile(`${root}tsconfig.json`, (path) => ts.sys.readFile(path)) as {
    config: object;
  };
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [] }, ts.sys, root);
  const program = ts.createProgram([expectations], { ...options, paths });
  const files = program.getSourceFiles().map(({ fileName }) => fileName);
  expect(files).toContain(`${root}dist/esm/index.d.ts`);
  expect(files.some((name) => name.includes('/test/nest-11/'))).toBe('@nestjs/*' in paths);
  return ts.getPreEmitDiagnostics(program).map(({ file, start = 0, messageText }) => {
    const line = file ? file.getLineAndCharacterOfPosition(start).line + 1 : 0;
    return `${file?.fileName.slice(root.length)}:${line} ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
  });
}

describe('the declarations of the package', () => {
  it.each([
    ['Nest 12', {}],
    [
      'Nest 11',
      { '@nestjs/*': [`${nest11}/@nestjs/*/index.d.ts`], rxjs: [`${nest11}/rxjs/dist/types/index.d.ts`] },
    ],
  ])('say with %s what they promise, and refuse what is wrong', (_nest, paths) => {
    expect(complaints(paths)).toEqual([]);
  });
});

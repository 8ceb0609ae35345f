import { describe, expect, it } from '@jest/globals';
import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { loadedBy, violations, type PackageManifest, type SourceFile } from './structure-rules.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const manifest = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as PackageManifest;

const files: SourceFile[] = readdirSync(`${root}src`, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => ({ path: `src/${name}`, text: readFileSync(`${root}src/${name}`, 'utf8') }));

describe('the source', () => {
  it('has imports that point downwards, rooms of plain Node, index files that are public, and no export *', () => {
    expect(files.length).toBeGreaterThan(10);
    expect(violations(files, manifest)).toEqual([]);
  });

  it('has an index file behind every public subpath', () => {
    const indexes = files.map(({ path }) => path).filter((path) => path.endsWith('/index.ts'));
    const subpaths = Object.keys(manifest.exports).filter((subpath) => !subpath.endsWith('.json'));

    expect(indexes.sort()).toEqual(subpaths.map((subpath) => `src${subpath.slice(1)}/index.ts`).sort());
  });
});

describe("'./standalone'", () => {
  it('loads nothing but Node and this package', () => {
    const { ours, foreign } = loadedBy('src/standalone/index.ts', files);

    expect(ours).toContain('src/core/coordinator.ts');
    expect(foreign.filter((specifier) => !specifier.startsWith('node:'))).toEqual([]);
  });

  it('would be found out', () => {
    expect(loadedBy('src/index.ts', files).foreign).toContain('@nestjs/common');
  });
});

describe('planning', () => {
  it('loads nothing that a browser does not have', () => {
    const rooms = files.map(({ path }) => path).filter((path) => path.startsWith('src/planning/'));
    expect(rooms).not.toEqual([]);
    for (const path of rooms) expect([path, loadedBy(path, files).foreign]).toEqual([path, []]);
  });
});

describe('the rules', () => {
  const peers: PackageManifest = {
    exports: { '.': {}, './metrics': {} },
    peerDependencies: { '@nestjs/common': '*', 'prom-client': '*' },
  };

  it.each([
    ['src/core/a.ts', "import type { X } from '@nestjs/common';", 'core imports nothing from outside'],
    ['src/core/a.ts', "import { once } from 'node:events';", 'core imports nothing from outside'],
    ['src/util/a.ts', "import { once } from 'node:events';", 'util imports nothing from outside'],
    ['src/planning/a.ts', "import { once } from 'node:events';", 'planning imports nothing from outside'],
    ['src/util/a.ts', '// for the drain', 'util knows nothing of shutdowns'],
    ['src/util/a.ts', "import type { X } from '../core/x.js';", 'core is not below util'],
    ['src/core/a.ts', "import type { X } from '../report/x.js';", 'report is not below core'],
    ['src/core/a.ts', "import type { X } from '../http/x.js';", 'http is not below core'],
    ['src/tasks/a.ts', "const x = await import('../process/x.js');", 'process is not below tasks'],
    ['src/config/a.ts', "export { x } from '../nest/x.js';", 'nest is not below config'],
    ['src/testing/a.ts', "import '../index.js';", 'index.ts is not below testing'],
    ['src/nest/lifecycle/a.ts', "import { x } from '../x.js';", 'nest is not below nest/lifecycle'],
    [
      'src/nest/health/a.ts',
      "import { x } from '../lifecycle/x.js';",
      'nest/lifecycle is not below nest/health',
    ],
    ['src/nest/decorators/a.ts', "import { x } from '../integrations/x.js';", 'is not below nest/decorators'],
    ['src/nest/a.ts', "import x from '../elsewhere/x.js';", 'elsewhere has no floor'],
    ['src/elsewhere/a.ts', '', 'has no floor'],
    ['src/nest/elsewhere/a.ts', '', 'has no floor'],
    ['src/nest/a.ts', "import x from 'express';", 'it is no peer dependency'],
    ['src/nest/a.ts', "import x from '@nestjs/core/injector';", 'it is no peer dependency'],
    ['src/health/a.ts', "import { Module } from '@nestjs/common';", 'health is plain Node'],
    ['src/config/a.ts', "import { registerAs } from '@nestjs/config';", 'config is plain Node'],
    ['src/config/a.ts', "import type { X } from '@nestjs/terminus';", 'config is plain Node'],
    ['src/nest/a.ts', "import type { X } from 'prom-client';", 'a peer that not every application has'],
    ['src/nest/index.ts', '', 'is no public subpath'],
    ['src/metrics/index.ts', "export * from './a.js';", 'exports *'],
    ['src/metrics/index.ts', "export * as a from './a.js';", 'exports *'],
    ['src/nest/a.ts', "const level = process.env['LEVEL'];", 'touches process'],
    ['src/http/a.ts', 'const { pid } = process as { pid: number };', 'touches process'],
  ])('are broken by %s with %j', (path, text, complaint) => {
    expect(violations([{ path, text }], peers)).toEqual([expect.stringContaining(complaint)]);
  });

  it.each([
    ['src/core/a.ts', "import { b } from './b.js'; import { c } from '../util/c.js';"],
    ['src/http/a.ts', "import { Deadline } from '../util/deadline.js'; import http from 'node:http';"],
    ['src/nest/integrations/a.ts', "import { isTracked } from '../decorators/track-task.decorator.js';"],
    ['src/nest/a.ts', "import { Module } from '@nestjs/common'; import { x } from '../http/x.js';"],
    ['src/process/a.ts', "process.exit(0); process['exit'](1);"],
    ['src/metrics/a.ts', "import { Counter } from 'prom-client';"],
    ['src/index.ts', "export { a } from './nest/a.js'; export type { B } from './core/b.js';"],
  ])('are kept by %s with %j', (path, text) => {
    expect(violations([{ path, text }], peers)).toEqual([]);
  });

  it('are broken by a ninth file beside the rooms of nest', () => {
    const inNest = (count: number): SourceFile[] =>
      Array.from({ length: count }, (_, index) => ({ path: `src/nest/${index}.ts`, text: '' }));

    expect(violations(inNest(8), peers)).toEqual([]);
    expect(violations(inNest(9), peers)).toEqual([expect.stringContaining('9 files of its own')]);
  });
});

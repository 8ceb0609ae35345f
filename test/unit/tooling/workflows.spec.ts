import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { read } from '../docs/markdown.js';

interface Step {
  readonly run?: string;
  readonly with?: { readonly 'node-version'?: number | string };
}

interface Job {
  readonly uses?: string;
  readonly steps?: readonly Step[];
  readonly strategy?: {
    readonly matrix: {
      readonly node?: readonly number[];
      readonly suite?: readonly { readonly projects: string }[];
    };
  };
}

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const manifest = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8')) as {
  readonly engines: { readonly node: string };
  readonly scripts: Readonly<Record<string, string>>;
};
const workflows = readdirSync(`${ROOT}.github/workflows`).map((name) => ({
  name,
  jobs: Object.values(
    (parse(read(`.github/workflows/${name}`)) as { readonly jobs: Readonly<Record<string, Job>> }).jobs,
  ),
}));
/** The oldest version of each supported major, as in `^20.19.0 || >=24.0.0`. */
const oldest = [...manifest.engines.node.matchAll(/(\d+)\.(\d+)\.\d+/g)].map(([, major, minor]) => ({
  major: Number(major),
  minor: Number(minor),
}));
const matrices = workflows.flatMap(({ jobs }) => jobs.flatMap(({ strategy }) => strategy?.matrix ?? []));

describe.each(workflows)('the workflow $name', ({ jobs }) => {
  const commands = jobs.flatMap(({ steps = [] }) => steps.flatMap(({ run = [] }) => run)).join('\n');

  it('runs scripts that exist', () => {
    const scripts = [...commands.matchAll(/npm (?:run )?([\w:]+)/g)].map(([, name = '']) => name);
    const ofNpm = new Set(['ci', 'publish', 'install']);
    expect(scripts.filter((name) => !ofNpm.has(name) && !(name in manifest.scripts))).toEqual([]);
    const files = [...commands.matchAll(/(?:^|\s)((?:scripts|\.ci)\/\S+)/g)].map(([, path = '']) => path);
    expect(files.filter((path) => !existsSync(ROOT + path))).toEqual([]);
  });

  it('calls workflows that exist', () => {
    const called = jobs.flatMap(({ uses = [] }) => uses);
    expect(called.filter((path) => !existsSync(ROOT + path))).toEqual([]);
  });
});

describe('the versions of Node', () => {
  it('in the matrix are all that are supported, and no other', () => {
    const tested = matrices.flatMap(({ node = [] }) => node);
    const newest = Math.max(...oldest.map(({ major }) => major));
    expect(oldest.map(({ major }) => major).filter((major) => !tested.includes(major))).toEqual([]);
    expect(tested.filter((major) => major < newest && !oldest.some((one) => one.major === major))).toEqual(
      [],
    );
  });

  it('in CONTRIBUTING.md are those of package.json', () => {
    const [line = ''] = /Node\.js .* or later/.exec(read('CONTRIBUTING.md')) ?? [];
    const named = [...line.matchAll(/\d+(?:\.\d+)?/g)].map(([version]) => version);
    expect(named).toEqual(oldest.map(({ major, minor }) => (minor === 0 ? `${major}` : `${major}.${minor}`)));
  });
});

it('the projects of Jest in the matrix exist, and together they are all but the services', () => {
  const projects = matrices
    .flatMap(({ suite = [] }) => suite)
    .flatMap((suite) => [...suite.projects.matchAll(/"([^"]+)"|(\S+)/g)].map(([, a, b]) => a ?? b));
  const names = [...read('jest.config.js').matchAll(/displayName: '([^']+)'/g)].map(([, name]) => name);
  expect(new Set(projects)).toEqual(new Set(names.filter((name) => name !== 'services')));
});

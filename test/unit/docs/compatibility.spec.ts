import { existsSync, readdirSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { format, resolveConfig } from 'prettier';
import { PROBES } from '../../../src/nest/integrations/probes.js';
import { KNOWN_CLIENTS } from '../../../src/resources/known-clients.js';
import { loadedBy, textOf } from '../../compatibility/loaded-packages.js';
import { compatibilityPage } from '../../compatibility/page.js';
import { importedNames, ROWS, TOOLS } from '../../compatibility/packages.js';
import { PROGRAMS } from '../../compatibility/programs.js';
import { read, ROOT } from './markdown.js';

const PAGE = 'docs/compatibility.md';

interface Manifest {
  readonly engines: { readonly node: string };
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
}

/** Words in the names of specs for tools that only the tests use, and for servers whose clients are on the page. */
const OTHER_TOOLS: readonly string[] = (
  'chromium openssl proc promtool ps script unshare ' + 'kafka mosquitto nats postgres rabbitmq redis'
).split(' ');

const manifest = JSON.parse(read('package.json')) as Manifest;
const ofNest11 = JSON.parse(read('test/nest-11/package.json')) as Manifest;
const onThePage = new Set(ROWS.flatMap((row) => [row.name, ...importedNames(row)]));

function missing(names: Iterable<string>): string[] {
  return [...new Set(names)].filter((name) => !onThePage.has(name));
}

describe('docs/compatibility.md', () => {
  it('says what the table says; if not: npm run docs:compatibility', async () => {
    const options = { ...(await resolveConfig(PAGE)), filepath: PAGE };
    const page = compatibilityPage({
      clients: KNOWN_CLIENTS,
      probes: PROBES,
      peers: manifest.peerDependencies,
      node: manifest.engines.node,
    });

    expect(read(PAGE)).toBe(await format(page, options));
  });

  it.each(ROWS.map((row) => [row.name, row] as const))('names specs that run %s', (_name, row) => {
    const { name, loadedBy: loader = name, installedAs = [loader], specs } = row;
    expect(specs.length).toBeGreaterThan(0);
    expect(specs.filter((spec) => !existsSync(`test/${spec}`))).toEqual([]);
    const without = specs.filter((spec) => !installedAs.every((each) => loadedBy(spec)(each)));
    expect(without).toEqual([]);
  });

  it.each(PROGRAMS)('names specs that run $name', ({ specs, proof }) => {
    expect(specs.length).toBeGreaterThan(0);
    expect(specs.filter((spec) => !textOf(spec).includes(proof))).toEqual([]);
  });

  it('has each tool that a spec is named after, if applications run on it, under it or behind it', () => {
    const named = readdirSync(`${ROOT}test`, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.spec.ts') && !path.includes('node_modules'))
      .filter((path) =>
        path
          .split('.')
          .slice(1, -2)
          .some((word) => !OTHER_TOOLS.includes(word)),
      );
    expect(named).toContain('process/run-modes.tini.spec.ts');
    const run = PROGRAMS.flatMap(({ specs }) => specs);
    expect(named.filter((path) => !run.includes(path))).toEqual([]);
  });

  it('has each package that an application may bring along, and each that a test runs', () => {
    const direct = [manifest.devDependencies, manifest.peerDependencies, ofNest11.dependencies ?? {}]
      .flatMap((dependencies) => Object.keys(dependencies))
      .filter((name) => !name.startsWith('@types/') && !Object.hasOwn(TOOLS, name));
    expect(missing(direct)).toEqual([]);
  });

  it('has each package that something private is read of', () => {
    expect(missing(PROBES.map((probe) => probe.package).filter((name) => name !== 'node'))).toEqual([]);
  });

  it('has each package that is adopted', () => {
    const adopted = readdirSync(`${ROOT}src/nest/integrations`)
      .flatMap((file) => [
        ...read(`src/nest/integrations/${file}`).matchAll(/\b(?:packageName|registeredAt): '([@a-z][^']*)'/g),
      ])
      .map(([, name = '']) => name);
    expect(adopted).toContain('bullmq');
    expect(missing(adopted)).toEqual([]);
  });

  it('has each client that is known, once', () => {
    const labels = ROWS.flatMap(({ clients = [] }) => clients);
    expect(labels.toSorted()).toEqual(KNOWN_CLIENTS.map(({ label }) => label).toSorted());
  });

  it('says how each package is recognised', () => {
    const silent = ROWS.filter(
      (row) =>
        row.recognisedBy === undefined &&
        row.clients === undefined &&
        importedNames(row).every((name) => manifest.peerDependencies[name] === undefined),
    );
    expect(silent.map(({ name }) => name)).toEqual([]);
  });

  it('calls nothing a tool that is none', () => {
    const unknown = Object.keys(TOOLS).filter(
      (name) => onThePage.has(name) || !Object.hasOwn(manifest.devDependencies, name),
    );
    expect(unknown).toEqual([]);
  });
});

import { GROUPS, importedNames, ROWS } from './packages.js';
import { PROGRAM_GROUPS } from './programs.js';
import { testedVersions, versionOfProgram } from './versions.js';
import type { PackageRow } from './package-row.js';

/** What the code knows of other packages. */
export interface Knowledge {
  readonly clients: readonly { readonly label: string; readonly shape: Readonly<Record<string, string>> }[];
  readonly probes: readonly { readonly name: string; readonly package: string }[];
  /** Of package.json. */
  readonly peers: Readonly<Record<string, string>>;
  readonly node: string;
}

/** The page `docs/compatibility.md`, before formatting: first what is installed as a package, then other programs. */
export function compatibilityPage(knowledge: Knowledge): string {
  return [
    '<!-- Generated from test/compatibility by `npm run docs:compatibility`. -->',
    '# Compatibility',
    `Node.js \`${knowledge.node}\`, on Linux. NestJS 11 and 12, CommonJS and ESM.`,
    'The tests run exactly the versions below, on the Nest that is named with them. If no Nest is named, the package is tested on its own. ' +
      'Other versions are accepted, but not tested: see [how packages are recognised](#how-packages-are-recognised).',
    'Only the peer dependencies are imported; every other package may be absent. Packages without a row work, too: ' +
      'see [resources](resources.md) for what has to be closed, and `coordinator.register()` for what starts and stops.',
    ...GROUPS.flatMap(({ title, packages }) => [
      `## ${title}`,
      table(
        ['Package', 'Tested with', 'Works by itself', 'You write', 'Does not work'],
        packages.map((row) => [names(row), testedVersions(row), row.found, row.write, row.limits]),
      ),
    ]),
    ...PROGRAM_GROUPS.flatMap(({ title, programs }) => [
      `## ${title}`,
      table(
        ['Program', 'Tested with', 'Works', 'You write', 'Does not work', 'Tested in'],
        programs.map(({ name, version, found, write, limits, specs }) => [
          name,
          versionOfProgram(version),
          found,
          write,
          limits,
          links(specs),
        ]),
      ),
    ]),
    '## How packages are recognised',
    'Packages are recognised by their methods and properties, never by a version number. ' +
      'Private and undocumented parts are checked when the application starts. If one is missing, a warning names it, and what does not work without it. The shutdown still runs.',
    table(
      ['Package', 'Recognised by', 'Private parts', 'Tested in'],
      ROWS.map((row) => [
        names(row),
        recognition(row, knowledge),
        listed(privateParts(row, knowledge)),
        links(row.specs),
      ]),
    ),
    '',
  ].join('\n\n');
}

function names({ name, includes = [] }: PackageRow): string {
  return [name, ...includes].map((each) => code(each)).join(', ');
}

function recognition(row: PackageRow, { clients, peers }: Knowledge): string {
  const ranges = importedNames(row)
    .filter((name) => peers[name] !== undefined)
    .map((name) => `peer dependency: ${code(name)} ${code(peers[name] ?? '')}`);
  const shapes = clients
    .filter(({ label }) => row.clients?.includes(label))
    .map(({ label, shape }) => `${label}: ${Object.keys(shape).map(code).join(', ')}`);
  return listed([...(row.recognisedBy === undefined ? [] : [row.recognisedBy]), ...ranges, ...shapes]);
}

function privateParts(row: PackageRow, { probes }: Knowledge): string[] {
  const own = [row.name, ...(row.includes ?? [])];
  return probes.filter((probe) => own.includes(probe.package)).map(({ name }) => name);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => '---'), ...rows].map(
    (cells) => `| ${cells.map(escaped).join(' | ')} |`,
  );
  return ['<!-- prettier-ignore -->', ...lines].join('\n');
}

function listed(items: readonly string[]): string {
  return items.length === 0 ? '-' : items.join('<br>');
}

function links(specs: readonly string[]): string {
  return listed(specs.map((spec) => `[${spec}](../test/${spec})`));
}

function code(text: string): string {
  return `\`${text}\``;
}

/** A bar in a cell would end it. */
function escaped(cell: string): string {
  return cell.replaceAll('|', '\\|');
}

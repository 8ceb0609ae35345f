import { GROUPS, importedNames, ROWS } from './packages.js';
import { testedVersions } from './versions.js';
import type { PackageRow } from './package-row.js';

/** What the code knows of other packages. */
export interface Knowledge {
  readonly clients: readonly { readonly label: string; readonly shape: Readonly<Record<string, string>> }[];
  readonly probes: readonly { readonly name: string; readonly package: string }[];
  /** Of package.json. */
  readonly peers: Readonly<Record<string, string>>;
  readonly node: string;
}

/** The page `docs/compatibility.md`, before formatting. */
export function compatibilityPage(knowledge: Knowledge): string {
  return [
    '<!-- Generated from test/compatibility by `npm run docs:compatibility`. -->',
    '# Compatibility',
    `Node.js \`${knowledge.node}\`, on Linux. NestJS 11 and 12, CommonJS and ESM.`,
    'The versions below are those that the tests run: exactly these, on exactly that Nest. Where no Nest is named, the package is tested on its own. ' +
      'Other versions are not refused, but they are not tested either: see [how packages are recognised](#how-packages-are-recognised).',
    'Apart from the peer dependencies, no package is imported, and any may be absent. What has no row here works too: ' +
      'see [resources](resources.md) for what has to be closed, and `coordinator.register()` for what starts and stops.',
    ...GROUPS.flatMap(({ title, packages }) => [
      `## ${title}`,
      table(
        ['Package', 'Tested with', 'Found by itself', 'You write', 'What cannot be had'],
        packages.map((row) => [names(row), testedVersions(row), row.found, row.write, row.limits]),
      ),
    ]),
    '## How packages are recognised',
    'By what they have, never by a version number. A client that has these methods and properties is known, whatever its version. ' +
      'What is private or undocumented is looked for when the application starts; when it is missing, a warning names it and what is off. The shutdown still runs.',
    table(
      ['Package', 'Recognised by', 'Private parts', 'Tested in'],
      ROWS.map((row) => [
        names(row),
        recognition(row, knowledge),
        listed(privateParts(row, knowledge)),
        listed(row.specs.map((spec) => `[${spec}](../test/${spec})`)),
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

function code(text: string): string {
  return `\`${text}\``;
}

/** A bar in a cell would end it. */
function escaped(cell: string): string {
  return cell.replaceAll('|', '\\|');
}

import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { codeBlocks, section, tableRows } from '../unit/docs/markdown.js';
import { run } from './consumer.js';

const QUIET = ['--prefer-offline', '--no-audit', '--no-fund'];

/** Outside of this repository, whose packages the CLI and the projects would find. */
const FOLDER = join(tmpdir(), 'nestjs-drain-templates');

/** A project as the CLI of Nest makes it. */
export interface Template {
  readonly name: string;
  readonly nest: 11 | 12;
  readonly format: 'cjs' | 'esm';
}

/**
 * Makes a project with the CLI of Nest, and installs what it lists, then runs the command that README.md has for this Nest,
 * with a tarball in place of the package. What is installed stays there between runs, as long as the template is the same.
 *
 * @param tools packages for the test, beside those of the template
 * @returns its folder, and what npm warned about when it ran the command
 */
export async function makeProject(
  template: Template,
  tarball: string,
  tools: readonly string[],
): Promise<{ readonly project: string; readonly warnings: readonly string[] }> {
  const made = join(FOLDER, 'made', template.name);
  const project = join(FOLDER, template.name);
  rmSync(made, { recursive: true, force: true });
  mkdirSync(join(FOLDER, 'made'), { recursive: true });
  await run(
    join(FOLDER, 'made'),
    'npx',
    '--yes',
    '--prefer-offline',
    ...commandOf(template),
    '--skip-install',
  );

  const listed = [readFileSync(join(made, 'package.json'), 'utf8'), ...tools].join(' ');
  const record = join(project, 'installed.txt');
  const isInstalled = existsSync(record) && readFileSync(record, 'utf8') === listed;
  for (const stale of isInstalled ? ['src', 'test', 'dist'] : ['']) {
    rmSync(join(project, stale), { recursive: true, force: true });
  }
  // Once installed, the manifest also lists what is not of the template.
  const isManifest = (path: string): boolean => path === join(made, 'package.json');
  cpSync(made, project, { recursive: true, filter: (path) => !isInstalled || !isManifest(path) });
  if (!isInstalled) await run(project, 'npm', 'install', ...QUIET);
  const output = await run(project, 'npm', ...installArguments(template.nest, tarball), ...QUIET);
  if (!isInstalled) await run(project, 'npm', 'install', '--save-dev', ...QUIET, ...tools);
  writeFileSync(record, listed);
  // The others are about packages of the template: their scripts, and the Node that they ask for.
  const warnings =
    output.match(/^npm warn (?!install-scripts|EBADENGINE (?!.*(?:nestjs-drain|terminus|config))).*$/gm) ??
    [];
  return { project, warnings };
}

/** Returns what `npx` is asked for to make a project. */
export function commandOf({ name, nest }: Pick<Template, 'name' | 'nest'>): string[] {
  return [`@nestjs/cli@${nest}`, 'new', name, '--skip-git', '--package-manager', 'npm'];
}

/** Returns the arguments of npm in the command that README.md has for this Nest, with a tarball in place of the package. */
export function installArguments(nest: number, tarball: string): string[] {
  const [, ...args] = installCommand(nest).split(' ');
  return args.map((word) => (word === 'nestjs-drain' ? tarball : word));
}

/** Returns the command that README.md has for this Nest. */
export function installCommand(nest: number): string {
  const row = tableRows(section('README.md', 'Install')).find(([major]) => major === String(nest));
  const [, command] = /^`(npm install nestjs-drain [^`]+)`$/.exec(row?.[1] ?? '') ?? [];
  if (command === undefined) throw new Error(`README.md has no command for Nest ${nest}`);
  return command;
}

/** Changes the files of a project as README.md shows, line by line; throws if it shows a line that they do not have. */
export function editAsReadmeSays(project: string): void {
  for (const { code } of codeBlocks('README.md', 'diff')) {
    const [first = '', ...lines] = code.split('\n');
    const path = join(project, 'src', first.replace(/^ \/\/ /, ''));
    const file = readFileSync(path, 'utf8').split('\n');
    let at = -1;
    for (const line of lines) {
      const text = line.slice(1);
      if (line.startsWith('+')) {
        file.splice(++at, 0, text);
      } else if (line.startsWith('-')) {
        at = indexIn(file, text, path);
        file.splice(at--, 1);
      } else if (file.includes(text)) {
        at = indexIn(file, text, path);
      }
    }
    writeFileSync(path, file.join('\n'));
  }
}

function indexIn(file: readonly string[], line: string, path: string): number {
  const index = file.indexOf(line);
  if (index === -1) throw new Error(`README.md shows a line that ${path} does not have: ${line}`);
  return index;
}

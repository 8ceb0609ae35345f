import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { loadedBy } from './loaded-packages.js';
import { importedNames } from './packages.js';
import type { PackageRow } from './package-row.js';
import type { ProgramVersion } from './program-row.js';

type Major = 12 | 11;

const MAJORS: readonly Major[] = [12, 11];
/** How a spec asks for Nest 11, for a program that it starts. */
const ON_NEST_11 = /\[12, 11\]|\bnest: 11\b|', 11\]/;

const ofNest11 = dependenciesIn('test/nest-11/package.json');

/** The versions of the packages of a row that its specs run, as they are locked: `1.2.3 on Nest 12 and 11`. */
export function testedVersions(row: PackageRow): string {
  const majors = MAJORS.filter((major) => row.specs.some((spec) => majorsOf(spec).includes(major)));
  if (majors.length === 0) return versionsOn(12, row);
  const versions = new Set(majors.map((major) => versionsOn(major, row)));
  return Array.from(versions, (which) => {
    const on = majors.filter((major) => versionsOn(major, row) === which);
    return `${which} on Nest ${on.join(' and ')}`;
  }).join('<br>');
}

/** The version of a program that its specs run: exactly as it is locked, or as it is pinned. */
export function versionOfProgram(version: ProgramVersion): string {
  if ('from' in version) return version.from;
  if ('pinnedIn' in version) {
    const [, pinned] = readFileSync(version.pinnedIn, 'utf8').split(`${version.package}@`);
    const [number] = /^\d[\w.]*/.exec(pinned ?? '') ?? [];
    if (number === undefined) throw new Error(`${version.pinnedIn} pins no ${version.package}`);
    return number;
  }
  const locked = lockedIn(version.lockedIn)[`node_modules/${version.package}`];
  if (!locked) throw new Error(`${version.lockedIn} has no ${version.package}`);
  return locked.version;
}

function versionsOn(major: Major, row: PackageRow): string {
  const names = importedNames(row);
  const { name, installedAs = [name], includes = [] } = row;
  return names
    .map((each) => {
      const version = versionOf(each, installedAs[0] ?? name, major);
      return includes.length === 0 ? version : `\`${each}\` ${version}`;
    })
    .join(', ');
}

/** Which Nest a spec runs on; none, if it runs without. */
function majorsOf(spec: string): readonly Major[] {
  if (!loadedBy(spec)('@nestjs/core')) return [];
  return spec.startsWith('e2e/') || ON_NEST_11.test(readFileSync(`test/${spec}`, 'utf8')) ? MAJORS : [12];
}

/** The version that is locked beside the package which needs it, as Node looks for it. */
function versionOf(name: string, beside: string, major: Major): string {
  const isOf11 = (candidate: string): boolean => major === 11 && ofNest11.includes(candidate);
  const lock = isOf11(beside) || isOf11(name) ? 'test/nest-11/package-lock.json' : 'package-lock.json';
  const packages = lockedIn(lock);
  for (let folder = join('node_modules', beside); ; folder = dirname(folder)) {
    const locked = packages[join(folder, 'node_modules', name)];
    if (locked) return locked.version;
    if (folder === '.') throw new Error(`${lock} has no ${name}`);
  }
}

type LockedPackages = Readonly<Record<string, { version: string }>>;

const locks = new Map<string, LockedPackages>();

function lockedIn(path: string): LockedPackages {
  const known = locks.get(path);
  if (known) return known;
  const { packages } = JSON.parse(readFileSync(path, 'utf8')) as { packages: LockedPackages };
  locks.set(path, packages);
  return packages;
}

function dependenciesIn(manifest: string): readonly string[] {
  const { dependencies } = JSON.parse(readFileSync(manifest, 'utf8')) as { dependencies: object };
  return Object.keys(dependencies);
}

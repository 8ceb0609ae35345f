/** What of an installation decides whether its major versions fit together. */
export interface Installation {
  /** Returns the installed version of a package, if it can be determined. */
  versionOf(this: void, packageName: string): string | undefined;
  /** Whether the application is a CommonJS program. */
  readonly isCommonJs: boolean;
}

/** The major versions that belong together, by that of Nest. */
const MAJORS: Readonly<Record<number, Readonly<Record<string, number>>>> = {
  11: { '@nestjs/terminus': 11, '@nestjs/config': 4 },
  12: { '@nestjs/terminus': 12, '@nestjs/config': 12 },
};

/** Returns the line to log at boot if an installed major version does not fit; npm does not refuse every such set. */
export function majorsNote({ versionOf, isCommonJs }: Installation): string[] {
  const nest = versionOf('@nestjs/core');
  const nestMajor = majorOf(nest);
  if (nest === undefined || nestMajor === undefined) return [];
  const expected = MAJORS[nestMajor];
  if (!expected) {
    return [
      `nestjs-drain is for Nest ${Object.keys(MAJORS).join(' and ')}, and this is @nestjs/core ${nest}.`,
    ];
  }
  const others = Object.entries(expected).flatMap(([name, major]) => {
    const version = versionOf(name);
    const isRight = version === undefined || majorOf(version) === major;
    // ES modules can use what Terminus and Config have for the next major version of Nest.
    return isRight || (!isCommonJs && majorOf(version)! > major) ? [] : [`${name} ${version}`];
  });
  if (others.length === 0) return [];
  const right = Object.entries(expected).map(([name, major]) => `${name}@${major}`);
  return [
    `${others.join(' and ')} ${others.length > 1 ? 'are' : 'is'} for another major version of Nest than ` +
      `@nestjs/core ${nest}: Jest and bundlers may fail to load ${others.length > 1 ? 'them' : 'it'}. ` +
      `Run npm install ${right.join(' ')}`,
  ];
}

function majorOf(version: string | undefined): number | undefined {
  const [, major] = /^(\d+)\./.exec(version ?? '') ?? [];
  return major === undefined ? undefined : Number(major);
}

import { describe, expect, it } from '@jest/globals';
import { majorsNote } from '../../../src/nest/integrations/package-majors.js';

const note = (versions: Readonly<Record<string, string>>, isCommonJs = true): string[] =>
  majorsNote({ isCommonJs, versionOf: (name) => versions[name] });

const NEST_11 = { '@nestjs/core': '11.2.10', '@nestjs/terminus': '11.1.1', '@nestjs/config': '4.0.4' };
const NEST_12 = { '@nestjs/core': '12.5.1', '@nestjs/terminus': '12.1.0', '@nestjs/config': '12.0.1' };

describe('the line about major versions', () => {
  it.each([
    ['that belong together, of Nest 11', NEST_11],
    ['that belong together, of Nest 12', NEST_12],
    ['that cannot be determined, as in a bundle', {}],
    ['of Nest alone', { '@nestjs/core': '11.2.10' }],
  ])('is not there for versions %s', (_what, versions) => {
    expect(note(versions)).toEqual([]);
  });

  it('names what is for another Nest, and the command that replaces it', () => {
    expect(note({ ...NEST_12, '@nestjs/core': '11.2.10' })).toEqual([
      '@nestjs/terminus 12.1.0 and @nestjs/config 12.0.1 are for another major version of Nest than @nestjs/core 11.2.10: ' +
        'Jest and bundlers may fail to load them. Run npm install @nestjs/terminus@11 @nestjs/config@4',
    ]);
    expect(note({ ...NEST_12, '@nestjs/config': '4.0.4' })).toEqual([
      '@nestjs/config 4.0.4 is for another major version of Nest than @nestjs/core 12.5.1: ' +
        'Jest and bundlers may fail to load it. Run npm install @nestjs/terminus@12 @nestjs/config@12',
    ]);
  });

  it('is not there for newer ones of a program in ES modules, which can load them', () => {
    expect(note({ ...NEST_12, '@nestjs/core': '11.2.10' }, false)).toEqual([]);
    expect(note({ ...NEST_11, '@nestjs/core': '12.5.1' }, false)).toHaveLength(1);
  });

  it.each(['10.4.20', '13.0.0'])('says which Nest this package is for, on Nest %s', (version) => {
    expect(note({ ...NEST_12, '@nestjs/core': version })).toEqual([
      `nestjs-drain is for Nest 11 and 12, and this is @nestjs/core ${version}.`,
    ]);
  });
});

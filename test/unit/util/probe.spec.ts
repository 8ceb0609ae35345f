import { describe, expect, it } from '@jest/globals';
import { ProbeCheck } from '../../../src/util/probe.js';
import type { Probe } from '../../../src/util/probe.js';

const HORN: Probe<{ readonly horn?: boolean }> = {
  name: 'Unicorn.horn',
  package: 'unicorn',
  ifMissing: 'it cannot be told from a horse',
  advice: 'Look at the hooves',
  isPresent: ({ horn }) => horn === true,
};

const THROWING: Probe<object> = {
  name: 'Unicorn.tail',
  package: 'unicorn',
  ifMissing: 'flies stay',
  isPresent: () => {
    throw new Error('it kicks');
  },
};

function setUp(version?: string): { probes: ProbeCheck; warnings: string[] } {
  const warnings: string[] = [];
  const probes = new ProbeCheck({ warn: (message) => warnings.push(message), versionOf: () => version });
  return { probes, warnings };
}

describe('a probe', () => {
  it('that is present is not spoken of', () => {
    const { probes, warnings } = setUp();

    expect(probes.check(HORN, { horn: true })).toBe(true);
    expect(probes.missing(HORN)).toBeUndefined();
    expect(warnings).toEqual([]);
  });

  it('that is missing is warned of once, with the version and what to do', () => {
    const { probes, warnings } = setUp('2.0.0');

    expect([probes.check(HORN, {}), probes.check(HORN, {})]).toEqual([false, false]);
    expect(warnings).toEqual([
      'not recognised: Unicorn.horn (unicorn@2.0.0), so it cannot be told from a horse. Look at the hooves',
    ]);
    expect(probes.missing(THROWING, HORN)).toBe(
      'not recognised: Unicorn.horn (unicorn@2.0.0), so it cannot be told from a horse',
    );
  });

  it('that throws is missing, and a package may have no version that can be told', () => {
    const { probes, warnings } = setUp();

    expect(probes.check(THROWING, {})).toBe(false);
    expect(warnings).toEqual(['not recognised: Unicorn.tail (unicorn), so flies stay']);
  });
});

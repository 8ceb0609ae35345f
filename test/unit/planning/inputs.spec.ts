import { describe, expect, it } from '@jest/globals';
import { USUAL_FACTS } from '../../../src/planning/facts.js';
import { readInputs, type InputName } from '../../../src/planning/inputs.js';
import type { Input } from '../../../src/planning/inputs.js';

const flagOf = ({ flag }: Input): string => `--${flag}`;

describe('inputs', () => {
  it('are read from texts, and have their usual values without one', () => {
    expect(readInputs({ slowestRequestMs: ' 2m ', failureThreshold: '3', preStopMs: '5s' }, flagOf)).toEqual({
      facts: { ...USUAL_FACTS, slowestRequestMs: 120_000, failureThreshold: 3 },
      given: { preStopMs: 5_000 },
      problems: [],
    });
  });

  it.each<[InputName, string, string]>([
    [
      'slowestRequestMs',
      '25',
      '--slowest-request is "25": use a number with a unit, such as 25s, 500ms or 2m.',
    ],
    ['slowestRequestMs', '', '--slowest-request is "": use a number with a unit, such as 25s, 500ms or 2m.'],
    ['slowestRequestMs', '0s', '--slowest-request is "0s", which is too short: use 1 ms or more.'],
    ['hooksMs', '-1s', '--hooks is "-1s": use a number with a unit, such as 25s, 500ms or 2m.'],
    ['hooksMs', '90000m', '--hooks is "90000m", which is too long: use 2147483s or less.'],
    ['probePeriodMs', '1500ms', '--probe-period is "1500ms": Kubernetes counts in whole seconds.'],
    ['probePeriodMs', '0s', '--probe-period is "0s", which is too short: use 1000 ms or more.'],
    ['preStopMs', '2.5s', '--pre-stop is "2.5s": Kubernetes counts in whole seconds.'],
    ['failureThreshold', '0', '--failure-threshold is "0", not a whole number from 1 to 9999.'],
    ['failureThreshold', '1.5', '--failure-threshold is "1.5", not a whole number from 1 to 9999.'],
  ])('of %s that are %j are a sentence', (name, text, sentence) => {
    expect(readInputs({ [name]: text }, flagOf).problems).toEqual([sentence]);
  });

  it('that are wrong are all told', () => {
    expect(readInputs({ hooksMs: 'x', preStopMs: 'y' }, flagOf).problems).toHaveLength(2);
  });
});

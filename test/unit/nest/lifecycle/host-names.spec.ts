import { describe, expect, it } from '@jest/globals';
import { namesOf } from '../../../../src/nest/lifecycle/host-names.js';

type Host = readonly [className: string, token: string | undefined, moduleName: string];

const named = (...hosts: readonly Host[]): string[] =>
  namesOf(hosts.map(([className, token, moduleName]) => ({ className, token, moduleName })));

describe('the names of providers', () => {
  it('are their classes', () => {
    expect(named(['Store', undefined, 'A'], ['Pool', 'POOL', 'A'])).toEqual(['Store', 'Pool']);
  });

  it('of one class have their tokens', () => {
    expect(named(['Pool', 'ORDERS', 'A'], ['Pool', 'USERS', 'A'], ['Pool', undefined, 'B'])).toEqual([
      'Pool ORDERS',
      'Pool USERS',
      'Pool',
    ]);
  });

  it('of one class and token have their modules', () => {
    expect(
      named(['Pool', undefined, 'A'], ['Pool', undefined, 'B'], ['Pool', 'URL', 'A'], ['Pool', 'URL', 'B']),
    ).toEqual(['Pool in A', 'Pool in B', 'Pool URL in A', 'Pool URL in B']);
  });

  it('stay the same where nothing tells them apart', () => {
    expect(named(['Pool', undefined, 'A'], ['Pool', undefined, 'A'])).toEqual(['Pool', 'Pool']);
  });

  it.each(['', 'a', 'tt', 'Object', 'Function'])(
    'are tokens where the class says nothing: %j',
    (className) => {
      expect(named([className, 'DATABASE', 'A'])).toEqual(['DATABASE']);
    },
  );

  it('are never empty', () => {
    expect(named(['', undefined, 'A'], ['a', undefined, 'A'])).toEqual(['anonymous provider', 'a']);
  });
});

import { expect, it } from '@jest/globals';
import { UniqueNames } from '../../../src/util/unique-names.js';

it.each([
  [
    ['db', 'db', 'cache', 'db'],
    ['db', 'db#2', 'cache', 'db#3'],
  ],
  [
    ['db', 'db#2', 'db'],
    ['db', 'db#2', 'db#3'],
  ],
  [
    ['db', 'db', 'db#2'],
    ['db', 'db#2', 'db#2#2'],
  ],
])('no name is given twice: %j becomes %j', (names, unique) => {
  const given = new UniqueNames();
  expect(names.map((name) => given.take(name))).toEqual(unique);
});

import { describe, expect, it } from '@jest/globals';
import { messageOf, ShutdownError } from '../../../src/core/errors.js';

describe('messageOf', () => {
  it.each([
    ['an error', new Error('broken'), 'broken'],
    ['an error without a message', new TypeError(), 'TypeError'],
    [
      'a refused connection to a name with several addresses',
      Object.assign(new AggregateError([]), { code: 'ECONNREFUSED' }),
      'ECONNREFUSED',
    ],
    ['an error of another realm', { message: 'from elsewhere' }, 'from elsewhere'],
    ['a string', 'plain', 'plain'],
    ['a number', 42, '42'],
    ['nothing', undefined, 'undefined'],
    ['null', null, 'null'],
    ['a symbol', Symbol('odd'), 'Symbol(odd)'],
    ['an object without a prototype', Object.create(null), 'an unprintable value'],
    [
      'an error whose message throws',
      Object.defineProperty(new Error(), 'message', {
        get() {
          throw new Error('hostile');
        },
      }),
      'an unprintable value',
    ],
  ])('reads %s', (_, thrown, message) => {
    expect(messageOf(thrown)).toBe(message);
  });
});

describe('ShutdownError', () => {
  it('has a code for programs, a message and a name for people, and the cause', () => {
    const cause = new Error('deeper');
    const error = new ShutdownError('SHUTDOWN_OPTIONS_INVALID', 'wrong', { cause });
    expect(error).toMatchObject({
      code: 'SHUTDOWN_OPTIONS_INVALID',
      message: 'wrong',
      name: 'ShutdownError',
      cause,
    });
  });
});

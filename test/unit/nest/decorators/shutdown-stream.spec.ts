import { describe, expect, it } from '@jest/globals';
import { ShutdownStream } from '../../../../src/nest/decorators/shutdown-stream.decorator.js';
import type { ShutdownStreamOptions } from '../../../../src/config/stream-options.js';

class Progress {
  stream(): void {}
  static build(): void {}
}

const methodOf = (target: object, name: string) => Object.getOwnPropertyDescriptor(target, name)!;

/** Decorates a method with whatever JavaScript may give it. */
const decorate = (options: unknown) => () =>
  ShutdownStream(options as ShutdownStreamOptions)(
    Progress.prototype,
    'stream',
    methodOf(Progress.prototype, 'stream'),
  );

describe('@ShutdownStream()', () => {
  it.each([
    [
      'a policy that does not exist',
      { policy: 'wait' },
      /Progress\.stream: policy is "wait"; use 'end' or 'finish'/,
    ],
    ['null', null, /policy is undefined/],
    ['no policy', {}, /policy is undefined/],
    ['a time that is none', { policy: 'finish', maxMs: '5s' }, /maxMs is "5s"; use a number of milliseconds/],
    ['a time below zero', { policy: 'finish', maxMs: -1 }, /maxMs is -1/],
    ['a time that is no number', { policy: 'finish', maxMs: NaN }, /maxMs is NaN/],
    [
      'a time for what does not wait',
      { policy: 'end', maxMs: 5 },
      /maxMs applies to the policy 'finish' only/,
    ],
    [
      'two things at once',
      { policy: 'stop', maxMs: '5s' },
      /policy is "stop"; use 'end' or 'finish', and maxMs is "5s"/,
    ],
  ])('refuses %s', (_what, options, message) => {
    expect(decorate(options)).toThrow(message);
    expect(decorate(options)).toThrow(expect.objectContaining({ code: 'SHUTDOWN_SETUP_INVALID' }));
  });

  it.each([[{ policy: 'end' }], [{ policy: 'finish' }], [{ policy: 'finish', maxMs: 0 }], [undefined]])(
    'takes %j',
    (options) => {
      expect(decorate(options)).not.toThrow();
    },
  );

  it.each([
    ['a class', () => Reflect.apply(ShutdownStream(), undefined, [Progress]), 'Progress'],
    [
      'a static method',
      () => ShutdownStream()(Progress, 'build', methodOf(Progress, 'build')),
      'Progress.build',
    ],
    [
      'a property',
      () => Reflect.apply(ShutdownStream(), undefined, [Progress.prototype, 'name']),
      'Progress.name',
    ],
    ['a getter', () => ShutdownStream()(Progress.prototype, 'size', { get: () => 1 }), 'Progress.size'],
  ])('refuses to be on %s', (_what, apply, name) => {
    expect(apply).toThrow(`@ShutdownStream() on ${name}: not a route; use it on a controller method`);
  });
});

import { describe, expect, it } from '@jest/globals';
import { setUp } from './resources-on-manual-clock.js';
import type { ResourceOptions } from '../../../src/resources/resource-options.js';

const WHERE = String.raw`\(registered at .*registration\.spec\.ts:\d+:\d+\)?\)`;

function refused(resource: unknown, options: unknown = {}, name: unknown = 'db'): () => unknown {
  const { resources } = setUp();
  return () => resources.register(name as string, resource as object, options as ResourceOptions);
}

function message(text: string): RegExp {
  return new RegExp(`^${text.replace(/[()?$[\]]/g, String.raw`\$&`).replace('WHERE', WHERE)}$`);
}

describe('registering a resource', () => {
  it.each([
    [{}, 'has no method that closes it: it has no methods. Use '],
    [{ open() {}, feed() {} }, 'has no method that closes it: it has open(), feed(). Use '],
    [
      { end() {}, destroy() {}, write() {} },
      'has several methods that could close it: end(), destroy(). Use ',
    ],
  ])('is refused when it cannot be told how to close it, with what was found: %o', (resource, text) => {
    expect(refused(resource)).toThrow(
      message(
        `resource "db" WHERE ${text}` +
          "close: 'method', or close: (resource) => … for a method that takes arguments or a callback",
      ),
    );
  });

  it.each([
    [{ close: 'colse' }, 'has no method "colse": did you mean close()?'],
    [{ close: 'zzzzzzz' }, 'has no method "zzzzzzz": it has close()'],
    [{ close: 5 }, 'has no method 5: it has close()'],
    [{ type: 'databse' }, `has an unknown type "databse": did you mean 'database'?`],
    [
      { type: 'xyz' },
      'has an unknown type "xyz": use one of consumer, custom, http-client, cache, database, telemetry, logger',
    ],
    [
      { type: 'toString' },
      'has an unknown type "toString": use one of consumer, custom, http-client, cache, database, telemetry, logger',
    ],
    [{ priority: NaN }, 'has an invalid priority NaN: use a finite number'],
    [{ timeoutMs: -1 }, 'has an invalid timeoutMs -1: use milliseconds, 0 or more'],
    [{ timeoutMs: Number('') / 0 }, 'has an invalid timeoutMs NaN: use milliseconds, 0 or more'],
    [{ after: 'cache' }, 'has an invalid after "cache": use an array of resource names'],
    [{ after: ['db'] }, 'would be closed after itself: db after db. Leave out one "after"'],
  ])('is refused with %o', (options, text) => {
    expect(refused({ close() {} }, options)).toThrow(message(`resource "db" WHERE ${text}`));
  });

  it.each([[null], [undefined], [5], ['postgres://']])(
    'is refused for %p, which is nothing to close',
    (value) => {
      expect(refused(value)).toThrow(/^resource "db" .* is .*: register the object to close$/);
    },
  );

  it.each([[''], ['  '], [null]])('is refused with the name %p', (name) => {
    expect(refused({ close() {} }, {}, name)).toThrow(/^a resource needs a name, got .* \(registered at /);
  });

  it('is refused for a name that is taken, and for a resource that is there already', () => {
    const { resources } = setUp();
    const db = { close() {} };
    resources.register('db', db);
    expect(() => resources.register('db', { close() {} })).toThrow(
      /^resource "db" .* has the same name as another resource \(registered at .*\): use another name$/,
    );
    expect(() => resources.register('store', db)).toThrow(
      /^resource "store" .* is already registered as "db" \(registered at .*\): register it once$/,
    );
  });

  it('is refused when it closes a cycle, which is named', () => {
    const { resources, closable } = setUp();
    resources.register('a', closable('a'), { after: ['b'] });
    resources.register('b', closable('b'), { after: ['x', 'c'] });
    resources.register('x', closable('x'));
    expect(() => resources.register('c', closable('c'), { after: ['x', 'a'] })).toThrow(
      /^resource "c" .* would be closed after itself: c after a after b after c\. Leave out one "after"$/,
    );
    expect(resources.registered().map(({ name }) => name)).toEqual(['a', 'b', 'x']);
  });

  it('is refused once its phase has begun', async () => {
    const { clock, coordinator, resources, closable } = setUp();
    const errors: unknown[] = [];
    const attempt = (name: string, options: ResourceOptions<ReturnType<typeof closable>>): void => {
      try {
        resources.register(name, closable(name), options);
      } catch (error) {
        errors.push(error);
      }
    };
    coordinator.register({
      name: 'late',
      drain: () => attempt('in time', {}),
      release: () => {
        attempt('database', { type: 'database' });
        attempt('logger', { type: 'logger' });
      },
    });
    void coordinator.shutdown();
    await clock.advance(100);
    expect(errors).toEqual([
      expect.objectContaining({
        code: 'SHUTDOWN_PHASE_BEGUN',
        message: expect.stringMatching(
          /^resource "database" \(registered at .*\) is too late: the shutdown is in release, and resources are being closed\. /,
        ),
      }),
    ]);
    expect(coordinator.report?.participants.map(({ name }) => name)).toContain('in time');
    expect(resources.registered().map(({ name }) => name)).toEqual(['in time', 'logger']);
  });

  it('tells what is registered', () => {
    const { resources } = setUp();
    resources.register('db', { end() {} }, { type: 'database' });
    resources.register(
      'log',
      { close() {} },
      { type: 'logger', priority: 5, after: ['db'], close: () => {} },
    );
    expect(resources.registered()).toEqual([
      {
        name: 'db',
        type: 'database',
        priority: 100,
        after: [],
        closedBy: 'end()',
        registeredAt: expect.stringContaining('registration.spec.ts'),
      },
      expect.objectContaining({ name: 'log', priority: 5, after: ['db'], closedBy: 'a function' }),
    ]);
  });
});

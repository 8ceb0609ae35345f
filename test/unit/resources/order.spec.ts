import { describe, expect, it } from '@jest/globals';
import { setUp, sleep } from './resources-on-manual-clock.js';
import type { ResourceType } from '../../../src/resources/resource-options.js';

describe('resources', () => {
  it('are closed after every other participant of release', async () => {
    const { clock, coordinator, resources, journal, closable } = setUp();
    resources.register('db', closable('db'), { priority: 1_000_000 });
    coordinator.register(
      {
        name: 'last writes',
        release: async () => {
          journal.push('writing');
          await sleep(clock, 10);
          journal.push('written');
        },
      },
      { priority: -1_000_000 },
    );
    void coordinator.shutdown();
    await clock.advance(100);
    expect(journal).toEqual(['writing', 'written', 'db', 'db.']);
    expect(coordinator.report?.status).toBe('completed');
  });

  it('are closed type by type, each awaited, telemetry after everything in flush, and loggers when the report is there', async () => {
    const { clock, coordinator, resources, journal, closable } = setUp();
    const types: ResourceType[] = [
      'logger',
      'database',
      'custom',
      'telemetry',
      'consumer',
      'cache',
      'http-client',
    ];
    for (const type of types) resources.register(type, closable(type), { type });
    coordinator.register({ name: 'last lines', flush: () => void journal.push('lines') });
    void coordinator.shutdown();
    await clock.advance(100);
    expect(journal).toEqual(
      [
        ...['consumer', 'custom', 'http-client', 'cache', 'database'].flatMap((type) => [type, `${type}.`]),
        'lines',
        ...['telemetry', 'logger'].flatMap((type) => [type, `${type}.`]),
      ].map(String),
    );
    expect(coordinator.report?.participants.map(({ name, phase }) => `${phase} ${name}`)).toEqual(
      expect.arrayContaining(['release resources', 'release database', 'flush telemetry']),
    );
  });

  it('are closed together when they have one priority, begun with the last registered', async () => {
    const { clock, coordinator, resources, journal, closable } = setUp();
    for (const name of ['a', 'b', 'c']) resources.register(name, closable(name));
    resources.register('first', closable('first'), { priority: 401 });
    void coordinator.shutdown();
    await clock.advance(100);
    expect(journal).toEqual(['first', 'first.', 'c', 'b', 'a', 'c.', 'b.', 'a.']);
    expect(coordinator.report?.durationMs).toBe(20);
  });

  it('wait for what they are after, whatever the priorities', async () => {
    const { clock, coordinator, resources, journal, closable } = setUp();
    resources.register('worker', closable('worker'), { type: 'consumer', after: ['db'] });
    resources.register('pool', closable('pool'), { type: 'database', after: ['db'] });
    resources.register('db', closable('db'), { type: 'database' });
    resources.register('disk', closable('disk'), { priority: 50, after: ['db', 'pool'] });
    resources.register('proxy', closable('proxy'), { type: 'consumer', after: ['log'] });
    resources.register('log', closable('log'), { type: 'logger' });
    void coordinator.shutdown();
    await clock.advance(200);
    expect(journal).toEqual(
      [
        'db',
        'db.',
        'pool',
        'worker',
        'pool.',
        'worker.',
        'disk',
        'disk.',
        'log',
        'log.',
        'proxy',
        'proxy.',
      ].map(String),
    );
  });

  it('are closed as if nothing was said when they are after something unknown, which is warned about', async () => {
    const { clock, coordinator, resources, logged, journal, closable } = setUp();
    resources.register('db', closable('db'), { after: ['cahce'] });
    resources.register('cache', closable('cache'));
    expect(logged).toEqual([]);
    resources.markBootstrapped();
    expect(logged).toEqual([
      expect.stringMatching(
        /^warn: resource db \(registered at .*order\.spec\.ts:\d+:\d+\)?\) must be closed after cahce, which is not registered: did you mean cache\?$/,
      ),
    ]);
    resources.register('late', closable('late'), { after: ['zoo'] });
    expect(logged[1]).toMatch(/^warn: resource late .* after zoo, which is not registered$/);
    void coordinator.shutdown();
    await clock.advance(100);
    expect(journal).toHaveLength(6);
  });

  it('are not closed when they were taken out', async () => {
    const { clock, coordinator, resources, journal, closable } = setUp();
    const remove = resources.register('db', closable('db'));
    resources.register('cache', closable('cache'));
    remove();
    resources.register('db', closable('new db'));
    remove();
    void coordinator.shutdown();
    await clock.advance(100);
    expect(journal.filter((entry) => !entry.endsWith('.'))).toEqual(['new db', 'cache']);
  });
});

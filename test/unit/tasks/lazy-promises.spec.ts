import { runInNewContext } from 'node:vm';
import { afterAll, describe, expect, it } from '@jest/globals';
import knex from 'knex';
import mongoose from 'mongoose';
import { deferred } from '../../../src/util/deferred.js';
import { setUp } from './tasks-on-manual-clock.js';

/** Puts a `then` in front of a query's own that counts, and would run it. */
function counting<Query extends object>(
  query: Query,
): { readonly query: Query; readonly calls: () => number } {
  let calls = 0;
  const own: unknown = Reflect.get(query, 'then');
  Object.defineProperty(query, 'then', {
    value: (...args: unknown[]): unknown => {
      calls += 1;
      return Reflect.apply(own as () => unknown, query, args) as unknown;
    },
  });
  return { query, calls: () => calls };
}

/** As the promises of Prisma are: an object of its own, whose methods run the query. */
class RunWhenAwaited {
  readonly [Symbol.toStringTag] = 'PrismaPromise';
  then(resolve: (rows: unknown[]) => unknown): Promise<unknown> {
    return Promise.resolve([]).then(resolve);
  }
}

/** As the queries of Postgres.js and `p-lazy` are: native promises that begin with their `then`. */
class LazyPromise extends Promise<unknown[]> {
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }
}

const database = knex({ client: 'pg' });
const Cat = mongoose.model('Cat', new mongoose.Schema({ name: String }));

afterAll(() => database.destroy());

describe('a call that returns what begins when it is awaited', () => {
  it.each<[string, () => object]>([
    ['a query of Knex', () => database('cats').where({ id: 7 })],
    ['a raw query of Knex', () => database.raw('select 1')],
    ['a query of Mongoose', () => Cat.find({ name: 'Tom' })],
    ['an aggregation of Mongoose', () => Cat.aggregate([{ $match: {} }])],
    ['a promise as those of Prisma', () => new RunWhenAwaited()],
    ['a native promise with a then of its own', () => new LazyPromise(() => {})],
    ['what answers whatever it is asked for', () => new Proxy({}, { get: () => () => {} })],
  ])('leaves it untouched: %s', async (_, make) => {
    const { clock, tasks } = setUp();
    const { query, calls } = counting(make());
    expect(tasks.trackCall('find', () => query)).toBe(query);
    await clock.advance(0);
    expect(calls()).toBe(0);
    expect(tasks.unfinished()).toEqual([]);
  });

  it('leaves what throws when it is looked at as it is', () => {
    const { tasks } = setUp();
    const hostile = new Proxy(
      {},
      {
        get() {
          throw new Error('hands off');
        },
      },
    );
    expect(tasks.trackCall('find', () => hostile)).toBe(hostile);
  });
});

describe('a call that returns a promise of what has begun', () => {
  /** As Bluebird and Q have them: no native promises, with more methods than those. */
  class LibraryPromise {
    readonly #promise: Promise<unknown>;
    constructor(promise: Promise<unknown>) {
      this.#promise = promise;
    }
    isPending(): boolean {
      return true;
    }
    isFulfilled(): boolean {
      return false;
    }
    then(...handlers: Parameters<Promise<unknown>['then']>): LibraryPromise {
      return new LibraryPromise(this.#promise.then(...handlers));
    }
  }

  it.each<[string, (promise: Promise<string>) => PromiseLike<unknown>]>([
    ['a native one', (promise) => promise],
    ['one of an async function', async (promise) => promise],
    ['one of another realm', (promise) => runInNewContext('(async () => promise)()', { promise }) as never],
    ['one of a subclass', (promise) => class extends Promise<string> {}.resolve(promise)],
    ['one of a library', (promise) => new LibraryPromise(promise) as never],
  ])('is tracked to its end: %s', async (_, make) => {
    const { clock, tasks } = setUp();
    const work = deferred<string>();
    const made = make(work.promise);
    const result = tasks.trackCall('work', () => made);
    expect(result.constructor).toBe(made.constructor);
    expect(tasks.unfinished()).toMatchObject([{ name: 'work' }]);
    work.resolve('done');
    await expect(Promise.resolve(result)).resolves.toBe('done');
    await clock.advance(0);
    expect(tasks.unfinished()).toEqual([]);
  });
});

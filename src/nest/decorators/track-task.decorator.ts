import 'reflect-metadata';
import { Inject } from '@nestjs/common';
import { ShutdownError } from '../../core/errors.js';
import { constructorOf } from '../../util/foreign.js';
import { BackgroundTasks } from '../../tasks/background-tasks.js';
import type { HookHost } from '../lifecycle/hook-hosts.js';

/** Where an instance with decorated methods has its application's tasks, of whatever copy of this package with this protocol. */
const TASKS = Symbol.for('nestjs-drain.background-tasks/1');

interface Tracking {
  [TASKS]?: BackgroundTasks;
}

type Method = (this: object, ...args: unknown[]) => unknown;

/**
 * Awaits every call of a method when the application shuts down: its requests, jobs, listeners.
 *
 * It stands above or below other decorators alike: `@Cron`, `@Interval`, `@OnEvent`, `@Process`, routes. Calls are never
 * refused, their arguments, results and errors stay as they are, and what does not return a promise is left alone. The
 * class has to be a provider or controller; other instances run their methods untracked.
 *
 * @param name shown in the report; default: `Class.method`
 * @throws {ShutdownError} `SHUTDOWN_SETUP_INVALID` for an empty name, and on anything but a method of instances
 */
export function TrackTask(name?: string) {
  return <Decorated extends (...args: never[]) => unknown>(
    target: object,
    method: string | symbol,
    descriptor: TypedPropertyDescriptor<Decorated>,
  ): void => {
    check(target, method, descriptor, name);
    const original = descriptor.value as unknown as Method;
    const tracked: Method = function (...args) {
      const tasks = (this as Tracking | undefined)?.[TASKS];
      const call = (): unknown => Reflect.apply(original, this, args);
      return tasks ? tasks.trackCall(name ?? `${this.constructor.name}.${String(method)}`, call) : call();
    };
    copyMetadata(tracked, original);
    Reflect.defineMetadata(TASKS, true, tracked);
    descriptor.value = tracked as unknown as Decorated;
    if (isTracking(target.constructor)) return;
    Reflect.defineMetadata(TASKS, true, target.constructor);
    Inject(BackgroundTasks)(target, TASKS);
  };
}

/** Whether a method has the decorator: then nobody else needs to track its calls, which would count twice. */
export function isTracked(method: unknown): boolean {
  return typeof method === 'function' && Reflect.hasOwnMetadata(TASKS, method);
}

/** Gives their tasks to the instances that Nest has not made itself: those of factories and values. */
export function provideTasks(hosts: readonly HookHost[], tasks: BackgroundTasks): void {
  for (const { instance } of hosts) {
    if (!isTracking(constructorOf(instance)) || (instance as Tracking)[TASKS] === tasks) continue;
    Object.defineProperty(instance, TASKS, { value: tasks, configurable: true, writable: true });
  }
}

/** What other decorators have said of the method, or look for on it. */
function copyMetadata(tracked: Method, original: Method): void {
  const { prototype: _, ...own } = Object.getOwnPropertyDescriptors(original) as PropertyDescriptorMap;
  for (const key of Reflect.ownKeys(own)) Object.defineProperty(tracked, key, own[key as string]!);
  for (const key of Reflect.getOwnMetadataKeys(original)) {
    Reflect.defineMetadata(key, Reflect.getOwnMetadata(key, original), tracked);
  }
}

function check(
  target: object,
  method: string | symbol | undefined,
  descriptor: PropertyDescriptor | undefined,
  name: unknown,
): void {
  const isStatic = typeof target === 'function';
  const className = isStatic ? target.name : target.constructor.name;
  const where = `@TrackTask() on ${className}${method === undefined ? '' : `.${String(method)}`}`;
  const complain = (what: string): never => {
    throw new ShutdownError('SHUTDOWN_SETUP_INVALID', `${where}: ${what}`);
  };
  if (name !== undefined && (typeof name !== 'string' || name.trim() === '')) {
    complain(`${JSON.stringify(name)} is no name; leave it out for Class.method`);
  }
  if (isStatic || typeof descriptor?.value !== 'function') {
    complain('only methods of instances can be tracked; use BackgroundTasks.trackCall() for other functions');
  }
}

function isTracking(type: unknown): boolean {
  return typeof type === 'function' && Reflect.hasMetadata(TASKS, type);
}

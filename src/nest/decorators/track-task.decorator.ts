import 'reflect-metadata';
import { Inject } from '@nestjs/common';
import { ShutdownError } from '../../core/errors.js';
import { constructorOf } from '../../util/foreign.js';
import { BackgroundTasks } from '../../tasks/background-tasks.js';
import { copyMetadata } from './copy-metadata.js';
import type { HookHost } from '../lifecycle/hook-hosts.js';

/**
 * Property that holds the application's tasks on instances with decorated methods, for all copies with this protocol.
 */
const TASKS = Symbol.for('nestjs-drain.background-tasks/1');

interface Tracking {
  [TASKS]?: BackgroundTasks;
}

type Method = (this: object, ...args: unknown[]) => unknown;

/**
 * Tracks the calls of a method, so that a shutdown awaits them: requests, jobs, listeners.
 *
 * It works above or below other decorators: `@Cron`, `@Interval`, `@OnEvent`, `@Process`, routes. Calls are never
 * refused; arguments, results and errors are unchanged, and calls that return no promise are not tracked. The class
 * must be a provider or controller; other instances run the method untracked.
 *
 * @param name name in the report; default: `Class.method`
 * @throws {ShutdownError} `SHUTDOWN_SETUP_INVALID` for an empty name, and on anything but an instance method
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
      if (!tasks || tasks.countedElsewhere.has(tracked)) return call();
      return tasks.trackCall(name ?? `${this.constructor.name}.${String(method)}`, call);
    };
    copyMetadata(tracked, original);
    Reflect.defineMetadata(TASKS, true, tracked);
    descriptor.value = tracked as unknown as Decorated;
    if (isTracking(target.constructor)) return;
    Reflect.defineMetadata(TASKS, true, target.constructor);
    Inject(BackgroundTasks)(target, TASKS);
  };
}

/** Whether a method has the decorator; tracking its calls elsewhere would count them twice. */
export function isTracked(method: unknown): boolean {
  return typeof method === 'function' && Reflect.hasOwnMetadata(TASKS, method);
}

/** Sets the tasks on instances that Nest has not constructed: those of factories and values. */
export function provideTasks(hosts: readonly HookHost[], tasks: BackgroundTasks): void {
  for (const { instance } of hosts) {
    if (!isTracking(constructorOf(instance)) || (instance as Tracking)[TASKS] === tasks) continue;
    Object.defineProperty(instance, TASKS, { value: tasks, configurable: true, writable: true });
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
    complain(`${JSON.stringify(name)} is not a name; omit it to use Class.method`);
  }
  if (isStatic || typeof descriptor?.value !== 'function') {
    complain('only instance methods can be tracked; use BackgroundTasks.trackCall() for other functions');
  }
}

function isTracking(type: unknown): boolean {
  return typeof type === 'function' && Reflect.hasMetadata(TASKS, type);
}

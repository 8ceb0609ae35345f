import { classNameOf, hasMethods } from '../../util/foreign.js';
import { overrideMethod } from '../../util/override-method.js';
import { overrideProperty } from '../../util/override-property.js';
import type { BackgroundTasks } from '../../tasks/background-tasks.js';

interface EventHandler {
  handle(event: unknown): unknown;
}

/** Nest's wrapper of a handler's provider. */
interface HandlerWrapper {
  readonly instance: EventHandler;
}

/** Resolves the instances of handlers that are created per event. */
interface ModuleRef {
  resolve(type: { readonly name: string }, ...rest: unknown[]): Promise<EventHandler>;
}

/**
 * Tracks the event handlers of `@nestjs/cqrs`, and its commands, which sagas execute without awaiting them. Call it
 * before Nest calls the bootstrap hooks, in which handlers are subscribed.
 *
 * @returns functions that restore the instance; none if it is neither of the two buses
 */
export function trackCqrs(instance: object, tasks: BackgroundTasks): (() => void)[] {
  if (isEventBus(instance)) return trackEventBus(instance, tasks);
  if (isCommandBus(instance)) {
    return [
      overrideMethod(
        instance,
        'execute',
        (execute) =>
          (command, ...rest) =>
            tasks.trackCall(classNameOf(command), () => execute(command, ...rest)),
      ),
    ];
  }
  return [];
}

/** Whether an instance is the event bus. */
export function isEventBus(instance: object): boolean {
  return hasMethods(instance, ['bind', 'publishAll', 'registerSagas']);
}

/** Whether an instance is the command bus. */
export function isCommandBus(instance: object): boolean {
  return hasMethods(instance, ['bind', 'execute', 'reflectCommandId']);
}

function trackEventBus(
  bus: object & { readonly moduleRef?: ModuleRef },
  tasks: BackgroundTasks,
): (() => void)[] {
  return [
    ...trackResolved(bus, tasks),
    overrideMethod(
      bus,
      'bind',
      (bind) => (handler, id) =>
        bind(
          Object.create(handler as object, {
            instance: { value: trackHandler(handler as HandlerWrapper, tasks) },
          }),
          id,
        ),
    ),
  ];
}

/** Tracks the handlers that are created per event. Only for the bus: others share its module reference. */
function trackResolved(
  bus: object & { readonly moduleRef?: ModuleRef },
  tasks: BackgroundTasks,
): (() => void)[] {
  const { moduleRef } = bus;
  if (!moduleRef) return [];
  const tracked = Object.create(moduleRef) as ModuleRef;
  return [
    overrideMethod(
      tracked,
      'resolve',
      () => resolveTracked(moduleRef, tasks) as (...args: unknown[]) => unknown,
    ),
    overrideProperty(bus, 'moduleRef', tracked),
  ];
}

function trackHandler(wrapper: HandlerWrapper, tasks: BackgroundTasks): EventHandler {
  return {
    handle: (event) =>
      tasks.trackCall(`${classNameOf(wrapper.instance)}.handle`, () => wrapper.instance.handle(event)),
  };
}

/** Tracks from the event on, and not only once an instance exists to handle it. */
function resolveTracked(moduleRef: ModuleRef, tasks: BackgroundTasks): ModuleRef['resolve'] {
  return (type, ...rest) =>
    new Promise((resolve, reject) => {
      const handleEvent = async (): Promise<void> => {
        const handler = await moduleRef.resolve(type, ...rest);
        await new Promise<void>((handled) => {
          const handle = async (event: unknown): Promise<unknown> => {
            try {
              return await handler.handle(event);
            } finally {
              handled();
            }
          };
          resolve({ handle });
        });
      };
      tasks.trackCall(`${type.name}.handle`, handleEvent).catch(reject);
    });
}

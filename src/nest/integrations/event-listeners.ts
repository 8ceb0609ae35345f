import { classNameOf, hasMethods } from '../../util/foreign.js';
import { overrideMethod } from '../../util/override-method.js';
import { isTracked } from '../decorators/track-task.decorator.js';
import type { BackgroundTasks } from '../../tasks/background-tasks.js';

type Listener = (...args: unknown[]) => unknown;
type Subscribe = (event: unknown, listener: Listener, options: unknown) => unknown;

/**
 * Tracks the `@OnEvent()` methods of `@nestjs/event-emitter`. Call it before Nest calls the bootstrap hook of the
 * instance, in which they are subscribed.
 *
 * @returns functions that restore the instance; none if it does not subscribe listeners
 */
export function trackEventListeners(instance: object, tasks: BackgroundTasks): (() => void)[] {
  if (!isEventSubscriber(instance)) return [];
  let name: string | undefined;
  return [
    overrideMethod(instance, 'subscribeToEventIfListener', (subscribe) => (host, method, ...rest) => {
      const isSelfTracking = isTracked((host as Record<string, unknown>)[method as string]);
      name = isSelfTracking ? undefined : `${classNameOf(host)}.${String(method)}`;
      return subscribe(host, method, ...rest);
    }),
    overrideMethod(instance, 'getRegisterListenerMethodBasedOn', (choose) => (chosenBy) => {
      const listen = choose(chosenBy) as Subscribe;
      const subscribed = name;
      if (subscribed === undefined) return listen;
      const track =
        (listener: Listener): Listener =>
        (...args) =>
          tasks.trackCall(subscribed, () => listener(...args));
      return (...[event, listener, options]: Parameters<Subscribe>) =>
        listen(event, track(listener), options);
    }),
  ];
}

/** Whether an instance subscribes the methods of `@OnEvent()`. */
export function isEventSubscriber(instance: object): boolean {
  return hasMethods(instance, ['subscribeToEventIfListener', 'getRegisterListenerMethodBasedOn']);
}

import { classNameOf, hasMethods } from './foreign-class.js';
import { overrideMethod } from './override-method.js';
import type { BackgroundTasks } from '../tasks/background-tasks.js';

type Listener = (...args: unknown[]) => unknown;
type Subscribe = (event: unknown, listener: Listener, options: unknown) => unknown;

/**
 * Has the `@OnEvent()` methods of `@nestjs/event-emitter` awaited; to be called before Nest calls the bootstrap hook of the
 * instance, in which they are subscribed.
 *
 * @returns functions that leave the instance as it was; none, if it is not the one that subscribes
 */
export function trackEventListeners(instance: object, tasks: BackgroundTasks): (() => void)[] {
  if (!hasMethods(instance, ['subscribeToEventIfListener', 'getRegisterListenerMethodBasedOn'])) return [];
  let name = 'event listener';
  return [
    overrideMethod(instance, 'subscribeToEventIfListener', (subscribe) => (host, method, ...rest) => {
      name = `${classNameOf(host)}.${String(method)}`;
      return subscribe(host, method, ...rest);
    }),
    overrideMethod(instance, 'getRegisterListenerMethodBasedOn', (choose) => (chosenBy) => {
      const listen = choose(chosenBy) as Subscribe;
      const subscribed = name;
      const track =
        (listener: Listener): Listener =>
        (...args) =>
          tasks.trackCall(subscribed, () => listener(...args));
      return (...[event, listener, options]: Parameters<Subscribe>) =>
        listen(event, track(listener), options);
    }),
  ];
}

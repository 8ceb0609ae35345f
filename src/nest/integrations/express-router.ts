import { isObject, read } from '../../util/foreign.js';
import { overrideMethod } from '../../util/override-method.js';

/**
 * Calls back with the router of an Express application, as soon as it has one.
 *
 * Express creates the router when it is first needed, with the settings that the application has by then. So it must not be
 * read earlier: `router` of Express 5 is an accessor, which is overridden until it is first read. Express 4 has `lazyrouter()`
 * and `_router`.
 *
 * @returns a function that stops waiting
 */
export function watchRouter(application: object, callback: (router: object) => void): () => void {
  const found = read(application, '_router');
  if (isObject(found)) {
    callback(found);
    return () => {};
  }
  const accessor = Object.getOwnPropertyDescriptor(application, 'router');
  // The accessor of Express 4 cannot be changed, and throws.
  if (accessor?.configurable !== true) return watchLazyRouter(application, callback);
  if (!accessor.get) {
    if (isObject(accessor.value)) callback(accessor.value);
    return () => {};
  }
  return watchAccessor(application, accessor, callback);
}

function watchAccessor(
  application: object,
  accessor: PropertyDescriptor,
  callback: (router: object) => void,
): () => void {
  let isOver = false;
  const get = (): unknown => {
    const router = accessor.get?.call(application) as unknown;
    if (!isOver && isObject(router)) callback(router);
    restore();
    return router;
  };
  const restore = (): void => {
    isOver = true;
    if (Object.getOwnPropertyDescriptor(application, 'router')?.get !== get) return;
    Object.defineProperty(application, 'router', accessor);
  };
  Object.defineProperty(application, 'router', { ...accessor, get });
  return restore;
}

function watchLazyRouter(application: object, callback: (router: object) => void): () => void {
  const restore = overrideMethod(application, 'lazyrouter', (create) => () => {
    create();
    const router = read(application, '_router');
    if (!isObject(router)) return;
    restore();
    callback(router);
  });
  return restore;
}

import type { WebSocket } from './web-socket.js';

/** A listener for messages, with the arguments that `ws` passes. */
export type MessageListener = (this: unknown, data: unknown, isBinary: unknown) => unknown;

/** Calls the listener in its place. */
export type CallListener = (
  listener: MessageListener,
  self: unknown,
  data: unknown,
  isBinary: unknown,
) => unknown;

type AddListener = (event: string | symbol, listener: MessageListener) => unknown;

const METHODS = ['on', 'addListener'] as const;

/**
 * Routes every listener for messages that is added to `webSocket` from now on through `call`.
 *
 * Each listener has to be wrapped: an emitter discards what its listeners return.
 *
 * @returns a function that leaves later listeners unwrapped
 */
export function wrapMessageListeners(webSocket: WebSocket, call: CallListener): () => void {
  for (const method of METHODS) {
    const add = Reflect.get(webSocket, method) as AddListener;
    const value: AddListener = (event, listener) =>
      Reflect.apply(add, webSocket, [event, event === 'message' ? wrapped(listener, call) : listener]);
    Object.defineProperty(webSocket, method, { value, configurable: true, writable: true });
  }
  return () => {
    // In reverse order: deleting any other property first makes the object slower from then on.
    for (const method of METHODS.toReversed()) Reflect.deleteProperty(webSocket, method);
  };
}

/**
 * Returns a wrapper with a property `listener`, like Node's own for `once`, so that `off` finds it. Node's wrapper is
 * returned unchanged, because it removes itself.
 */
function wrapped(listener: MessageListener, call: CallListener): MessageListener {
  if ('listener' in listener) return listener;
  const wrapper: MessageListener = function (data, isBinary) {
    return call(listener, this, data, isBinary);
  };
  return Object.assign(wrapper, { listener });
}

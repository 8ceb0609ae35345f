import type { WebSocket } from './web-socket.js';

/** A listener for messages; the package `ws` calls it with what it says here. */
export type MessageListener = (this: unknown, data: unknown, isBinary: unknown) => unknown;

/** Calls a listener that was put behind it. */
export type CallListener = (
  listener: MessageListener,
  self: unknown,
  data: unknown,
  isBinary: unknown,
) => unknown;

type AddListener = (event: string | symbol, listener: MessageListener) => unknown;

const METHODS = ['on', 'addListener'] as const;

/**
 * Puts `call` in front of every listener for messages that `webSocket` gets from now on.
 *
 * It cannot be done for all of them at once: the emission drops what a listener returns.
 *
 * @returns a function that leaves alone those that come later
 */
export function wrapMessageListeners(webSocket: WebSocket, call: CallListener): () => void {
  for (const method of METHODS) {
    const add = Reflect.get(webSocket, method) as AddListener;
    const value: AddListener = (event, listener) =>
      Reflect.apply(add, webSocket, [event, event === 'message' ? wrapped(listener, call) : listener]);
    Object.defineProperty(webSocket, method, { value, configurable: true, writable: true });
  }
  return () => {
    // The last one first: an object that loses others is slower from then on.
    for (const method of METHODS.toReversed()) Reflect.deleteProperty(webSocket, method);
  };
}

/** As Node's own wrapper of `once`, it can be removed by the name of what is within. That one stays as it is: it removes itself. */
function wrapped(listener: MessageListener, call: CallListener): MessageListener {
  if ('listener' in listener) return listener;
  const wrapper: MessageListener = function (data, isBinary) {
    return call(listener, this, data, isBinary);
  };
  return Object.assign(wrapper, { listener });
}

import type { PhasedCoordinator } from '../core/coordinator.js';

interface Transport {
  close: (this: unknown) => unknown;
}

/**
 * Lets an explicit `close()` of a microservice drain first: Nest closes its transport before it calls any hook.
 *
 * A microservice keeps its transport in `serverInstance`, on Nest 11 and 12; nothing happens where there is none.
 */
export function holdTransportClose(app: object, coordinator: PhasedCoordinator): void {
  const transport = (app as { serverInstance?: Transport }).serverInstance;
  if (typeof transport?.close !== 'function') return;
  const original = transport.close;
  transport.close = async () => {
    await drained(coordinator);
    Reflect.deleteProperty(transport, 'close');
    return Reflect.apply(original, transport, []) as unknown;
  };
}

async function drained(coordinator: PhasedCoordinator): Promise<void> {
  if (coordinator.terminatingReason === undefined) void coordinator.shutdown({ kind: 'close' });
  await coordinator.entered('release');
}

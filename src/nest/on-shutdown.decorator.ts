import 'reflect-metadata';
import type { HookHost } from './hook-hosts.js';
import type { PhasedCoordinator } from '../core/coordinator.js';
import type { ParticipantMethod, ParticipantOptions, ShutdownContext } from '../core/participant.js';
import type { ShutdownPhase } from '../core/phase.js';

interface DecoratedMethod {
  readonly method: string;
  readonly phase: ShutdownPhase;
  readonly options: ParticipantOptions;
}

const METADATA = Symbol.for('nestjs-drain.on-shutdown');

/**
 * Makes a method of a provider or controller take part in a phase of the shutdown.
 *
 * The participant is named `Class.method`; the method gets the {@link ShutdownContext}. Instances that are created
 * per request take no part.
 *
 * @example `@OnShutdown('drain', { timeoutMs: 2_000 })`
 */
export function OnShutdown(phase: ShutdownPhase, options: ParticipantOptions = {}) {
  return <Method extends (context: ShutdownContext) => unknown>(
    target: object,
    method: string,
    _descriptor: TypedPropertyDescriptor<Method>,
  ): void => {
    const inherited = methodsOf(target.constructor);
    Reflect.defineMetadata(METADATA, [...inherited, { method, phase, options }], target.constructor);
  };
}

/** Registers the decorated methods of these instances, each instance once. */
export function registerDecoratedMethods(hosts: readonly HookHost[], coordinator: PhasedCoordinator): void {
  const ordinals = new Map<string, number>();
  const seen = new Set<object>();
  for (const { instance, name, moduleName } of hosts) {
    if (seen.has(instance)) continue;
    seen.add(instance);
    for (const { method, phase, options } of methodsOf(instance.constructor)) {
      const title = `${name}.${method}`;
      const ordinal = (ordinals.get(title) ?? 0) + 1;
      ordinals.set(title, ordinal);
      const call: ParticipantMethod = (context) =>
        (instance as Record<string, ParticipantMethod>)[method]?.(context);
      coordinator.add({
        participant: { name: ordinal === 1 ? title : `${title}#${ordinal}`, [phase]: call },
        options,
        registeredAt: `${name} in ${moduleName}`,
      });
    }
  }
}

function methodsOf(type: unknown): readonly DecoratedMethod[] {
  if (typeof type !== 'function') return [];
  return (Reflect.getMetadata(METADATA, type) as DecoratedMethod[] | undefined) ?? [];
}

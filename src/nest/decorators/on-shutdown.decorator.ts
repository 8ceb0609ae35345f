import 'reflect-metadata';
import { nearestName } from '../../util/nearest-name.js';
import { ShutdownError } from '../../core/errors.js';
import { classNameOf, constructorOf } from '../../util/foreign.js';
import { UniqueNames } from '../../util/unique-names.js';
import { THIS_COPY } from '../../util/this-copy.js';
import { warnIfModuleIsMissing } from './module-missing.js';
import { ofAnotherVersion } from './of-another-version.js';
import { hasBegun, PHASES } from '../../core/phase.js';
import type { HookHost } from '../lifecycle/hook-hosts.js';
import type { PhasedCoordinator } from '../../core/coordinator.js';
import type { ParticipantMethod, ParticipantOptions, ShutdownContext } from '../../core/participant.js';
import type { ShutdownPhase } from '../../core/phase.js';

/** An entry in the metadata of a class; another copy of this package may have written it. */
interface DecoratedMethod {
  /** Path of the copy that the decorator comes from. */
  readonly copy: string;
  readonly method: string;
  readonly phase: ShutdownPhase;
  readonly options: ParticipantOptions;
}

const METADATA = Symbol.for('nestjs-drain.on-shutdown');

/**
 * Registers a method of a provider or controller as a participant in a phase of the shutdown.
 *
 * The participant is named `Class.method`; the method receives the {@link ShutdownContext}. Use the decorator once for
 * each phase; subclasses inherit it. Instances created per request do not take part.
 *
 * @example
 * ```ts
 * @OnShutdown('drain', { timeoutMs: 2_000 })
 * ```
 * @throws {ShutdownError} `SHUTDOWN_SETUP_INVALID` for an unknown phase, and on static methods
 */
export function OnShutdown(phase: ShutdownPhase, options: ParticipantOptions = {}) {
  return <Method extends (context: ShutdownContext) => unknown>(
    target: object,
    method: string,
    _descriptor: TypedPropertyDescriptor<Method>,
  ): void => {
    check(target, method, phase);
    const others = decoratedMethodsOf(target.constructor).filter(
      (known) => known.method !== method || known.phase !== phase,
    );
    Reflect.defineMetadata(
      METADATA,
      [...others, { copy: THIS_COPY, method, phase, options }],
      target.constructor,
    );
    warnIfModuleIsMissing(target, '@OnShutdown()');
  };
}

/** Registers the decorated methods of these instances, each instance once, for the phases that have not begun. */
export function registerDecoratedMethods(hosts: readonly HookHost[], coordinator: PhasedCoordinator): void {
  const names = new UniqueNames();
  const seen = new Set<object>();
  for (const { instance, name, place } of hosts) {
    if (seen.has(instance)) continue;
    seen.add(instance);
    const methods = decoratedMethodsOf(constructorOf(instance));
    for (const group of oneParticipantEach(
      methods.filter(({ phase }) => !hasBegun(phase, coordinator.state)),
    )) {
      const [{ method, options }] = group;
      const call: ParticipantMethod = (context) =>
        (instance as Record<string, ParticipantMethod>)[method]?.(context);
      coordinator.add({
        participant: {
          name: names.take(`${name}.${method}`),
          ...Object.fromEntries(group.map(({ phase }) => [phase, call])),
        },
        options: { ...options, timeoutMs: timeoutsOf(group) },
        registeredAt: place,
      });
    }
  }
}

type Group = [DecoratedMethod, ...DecoratedMethod[]];

/** Groups the phases of each method: those with the same priority make up one participant. */
function oneParticipantEach(methods: readonly DecoratedMethod[]): Iterable<Group> {
  const groups = new Map<string, Group>();
  for (const declared of methods) {
    const key = `${declared.options.priority ?? 0} ${declared.method}`;
    const group = groups.get(key);
    if (group) group.push(declared);
    else groups.set(key, [declared]);
  }
  return groups.values();
}

function timeoutsOf(group: Group): Partial<Record<ShutdownPhase, number>> {
  const timeouts: Partial<Record<ShutdownPhase, number>> = {};
  for (const { phase, options } of group) {
    const { timeoutMs } = options;
    const ms = typeof timeoutMs === 'object' ? timeoutMs[phase] : timeoutMs;
    if (ms !== undefined) timeouts[phase] = ms;
  }
  return timeouts;
}

function check(target: object, method: string, phase: ShutdownPhase): void {
  const isStatic = typeof target === 'function';
  const where = `@OnShutdown('${String(phase)}') on ${isStatic ? `static ${target.name}` : classNameOf(target)}.${method}`;
  if (!PHASES.includes(phase)) {
    const nearest = nearestName(String(phase), PHASES);
    throw new ShutdownError(
      'SHUTDOWN_SETUP_INVALID',
      `${where}: unknown phase; ` +
        (nearest === undefined ? `the phases are ${PHASES.join(', ')}` : `did you mean '${nearest}'?`),
    );
  }
  if (isStatic) {
    throw new ShutdownError(
      'SHUTDOWN_SETUP_INVALID',
      `${where}: static methods cannot take part in a shutdown; use an instance method`,
    );
  }
}

/**
 * Returns the decorated methods of a class, including inherited ones.
 *
 * @throws {ShutdownError} `SHUTDOWN_SETUP_INVALID` if the decorator comes from another version, whose methods would
 *   be lost
 */
export function decoratedMethodsOf(type: unknown): readonly DecoratedMethod[] {
  if (typeof type !== 'function') return [];
  const methods: unknown = Reflect.getMetadata(METADATA, type) ?? [];
  if (Array.isArray(methods) && methods.every(isDecoratedMethod)) return methods;
  throw ofAnotherVersion(`@OnShutdown() on ${type.name}`, [methods].flat().at(-1));
}

function isDecoratedMethod(candidate: unknown): candidate is DecoratedMethod {
  const { method, phase, options } = Object(candidate) as Partial<DecoratedMethod>;
  return typeof method === 'string' && PHASES.includes(phase!) && typeof options === 'object';
}

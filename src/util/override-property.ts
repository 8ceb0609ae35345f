import { isObject } from './foreign.js';

/** Property of a value that refers to the override it belongs to. */
const OVERRIDE = Symbol('override');

/** A value that overrides a property of an object. */
interface Override {
  readonly target: object;
  readonly name: PropertyKey;
  /** The object's own property before the override; `undefined` if it was inherited or missing. */
  readonly hidden: PropertyDescriptor | undefined;
  isOver: boolean;
}

/**
 * Overrides a property of an object with a value; returns a function that restores the property.
 *
 * That function only removes this value. If other code has overridden the property again in the meantime, its value
 * stays and still reaches this one. Does nothing if the object cannot be changed.
 *
 * @param value must be used for this override only, since it is marked
 */
export function overrideProperty(target: object, name: PropertyKey, value: object): () => void {
  const hidden = ownProperty(target, name);
  const override: Override = { target, name, hidden, isOver: false };
  Object.defineProperty(value, OVERRIDE, { value: override });
  define(target, name, hidden?.configurable === false ? { value } : { ...attributesLike(hidden), value });
  return () => {
    override.isOver = true;
    if (currentProperty(target, name)?.value !== value) return;
    // `hidden` may itself be an override that has ended; restoring that would bring it back permanently.
    const shown = ownProperty(target, name);
    if (shown) define(target, name, shown);
    else remove(target, name);
  };
}

/** Returns an object's own property, ignoring overrides that have ended. */
export function ownProperty(target: object, name: PropertyKey): PropertyDescriptor | undefined {
  let property = currentProperty(target, name);
  for (let over = endedOverride(property, target, name); over; over = endedOverride(property, target, name)) {
    property = over.hidden;
  }
  return property;
}

function endedOverride(
  property: PropertyDescriptor | undefined,
  target: object,
  name: PropertyKey,
): Override | undefined {
  const value: unknown = property?.value;
  if (!isObject(value) || !Object.hasOwn(value, OVERRIDE)) return undefined;
  const override = (value as { readonly [OVERRIDE]: Override })[OVERRIDE];
  return override.isOver && override.target === target && override.name === name ? override : undefined;
}

function attributesLike(hidden: PropertyDescriptor | undefined): PropertyDescriptor {
  return { configurable: true, writable: true, enumerable: hidden?.enumerable ?? false };
}

// Frozen objects reject changes; proxy traps may throw.

function currentProperty(target: object, name: PropertyKey): PropertyDescriptor | undefined {
  try {
    return Object.getOwnPropertyDescriptor(target, name);
  } catch {
    return undefined;
  }
}

function define(target: object, name: PropertyKey, property: PropertyDescriptor): void {
  try {
    Reflect.defineProperty(target, name, property);
  } catch {
    // It stays as it is.
  }
}

function remove(target: object, name: PropertyKey): void {
  try {
    Reflect.deleteProperty(target, name);
  } catch {
    // It stays as it is.
  }
}

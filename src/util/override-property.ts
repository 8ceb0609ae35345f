import { isObject } from './foreign.js';

/** On the value itself: which override put it there. */
const OVERRIDE = Symbol('override');

/** A value that hides a property of an object. */
interface Override {
  readonly target: object;
  readonly name: PropertyKey;
  /** The object's own property before; nothing where it inherited it, or had none. */
  readonly hidden: PropertyDescriptor | undefined;
  isOver: boolean;
}

/**
 * Hides a property of an object behind a value, and returns a function that shows it again.
 *
 * That function only ever removes this value. Where other code has put a value of its own in front in the meantime, that
 * one stays, and reaches this one behind it. Nothing happens where an object cannot be changed.
 *
 * @param value made for this purpose: it is marked
 */
export function overrideProperty(target: object, name: PropertyKey, value: object): () => void {
  const hidden = ownProperty(target, name);
  const override: Override = { target, name, hidden, isOver: false };
  Object.defineProperty(value, OVERRIDE, { value: override });
  define(target, name, hidden?.configurable === false ? { value } : { ...attributesLike(hidden), value });
  return () => {
    override.isOver = true;
    if (currentProperty(target, name)?.value !== value) return;
    // An override that ended while this one hid it would come back for good.
    const shown = ownProperty(target, name);
    if (shown) define(target, name, shown);
    else remove(target, name);
  };
}

/** An object's own property, without the overrides of it that are over. */
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

// Frozen objects refuse; traps of proxies may throw.

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

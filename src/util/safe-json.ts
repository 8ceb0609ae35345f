import { isObject, read } from './foreign.js';
import { escapedInJson } from './safe-text.js';

/**
 * Returns a value as JSON on one line, or indented. It always writes: what JSON cannot represent, or what throws, is
 * replaced by a word in brackets.
 */
export function safeJson(value: unknown, indent?: number): string {
  return escapedInJson(stringified(value, indent));
}

function stringified(value: unknown, indent: number | undefined): string {
  try {
    // Almost always enough, and many times faster than a copy.
    return JSON.stringify(value, undefined, indent) ?? 'null';
  } catch {
    return JSON.stringify(plain(value, []), undefined, indent) ?? 'null';
  }
}

/** Copies what JSON can represent. */
function plain(value: unknown, ancestors: readonly object[]): unknown {
  if (typeof value === 'bigint') return String(value);
  if (!isObject(value) || typeof value === 'function') return value;
  if (ancestors.includes(value)) return '[circular]';
  const within = [...ancestors, value];
  try {
    const toJson = read(value, 'toJSON');
    if (typeof toJson === 'function') return plain((toJson as () => unknown).call(value), within);
    if (Array.isArray(value)) return value.map((item) => plain(item, within));
    return Object.fromEntries(Object.keys(value).map((key) => [key, plain(read(value, key), within)]));
  } catch {
    return '[unreadable]';
  }
}

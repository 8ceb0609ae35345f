/** By wrapper. */
const ORIGINALS = new WeakMap<object, object>();

/** Records what a wrapper stands for. */
export function setOriginal(wrapper: object, original: object): void {
  ORIGINALS.set(wrapper, original);
}

/** Returns what this package has wrapped; anything else as it is. */
export function originalOf(wrapper: object): object {
  let original = wrapper;
  for (let inner = ORIGINALS.get(original); inner; inner = ORIGINALS.get(original)) original = inner;
  return original;
}

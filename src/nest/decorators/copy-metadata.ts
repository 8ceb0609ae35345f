type AnyFunction = (...args: never[]) => unknown;

/** Copies the properties and metadata of a function to one that replaces it: other code has set them, or reads them. */
export function copyMetadata(replacement: AnyFunction, original: AnyFunction): void {
  const { prototype: _, ...own } = Object.getOwnPropertyDescriptors(original) as PropertyDescriptorMap;
  for (const key of Reflect.ownKeys(own)) Object.defineProperty(replacement, key, own[key as string]!);
  for (const key of Reflect.getOwnMetadataKeys(original)) {
    Reflect.defineMetadata(key, Reflect.getOwnMetadata(key, original), replacement);
  }
}

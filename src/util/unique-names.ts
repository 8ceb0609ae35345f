/** Makes names unique: the second and later uses of a name get the suffix `#2`, `#3` and so on. */
export class UniqueNames {
  readonly #taken = new Set<string>();
  readonly #counts = new Map<string, number>();

  /** @returns the name, with a suffix if it is taken */
  take(name: string): string {
    const count = (this.#counts.get(name) ?? 0) + 1;
    this.#counts.set(name, count);
    const unique = count === 1 ? name : `${name}#${count}`;
    if (this.#taken.has(unique)) return this.take(name);
    this.#taken.add(unique);
    return unique;
  }
}

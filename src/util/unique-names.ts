/** Gives each of several things a name of its own: the second and further ones of a name get `#2`, `#3` behind it. */
export class UniqueNames {
  readonly #taken = new Set<string>();
  readonly #counts = new Map<string, number>();

  /** @returns the name, or what it becomes where it is taken */
  take(name: string): string {
    const count = (this.#counts.get(name) ?? 0) + 1;
    this.#counts.set(name, count);
    const unique = count === 1 ? name : `${name}#${count}`;
    if (this.#taken.has(unique)) return this.take(name);
    this.#taken.add(unique);
    return unique;
  }
}

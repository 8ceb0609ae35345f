/** What an instance can be named by. */
export interface HostNames {
  /** Name of its class; empty if it has none. A minifier shortens it. */
  readonly className: string;
  /** Its injection token, as text. */
  readonly token: string | undefined;
  readonly moduleName: string;
}

/** Class names that say nothing, such as those that a minifier leaves. */
const NOT_DESCRIPTIVE = /^(|..?|Object|Function)$/;

/**
 * Returns the name of each instance: its class, its token where the class says nothing, and where several have the same
 * class, the token and the module as far as they tell them apart.
 */
export function namesOf(hosts: readonly HostNames[]): string[] {
  const ofClass = hosts.map(({ className, token }) =>
    NOT_DESCRIPTIVE.test(className) ? (token ?? (className || 'anonymous provider')) : className,
  );
  const withToken = toldApart(ofClass, (name, index) => {
    const { token } = hosts[index]!;
    return token === undefined || token === name ? name : `${name} ${token}`;
  });
  return toldApart(withToken, (name, index) => `${name} in ${hosts[index]!.moduleName}`);
}

/** Extends the names that occur several times, if that makes any difference among them. */
function toldApart(names: readonly string[], extended: (name: string, index: number) => string): string[] {
  const indexes = new Map<string, number[]>();
  for (const [index, name] of names.entries()) {
    const same = indexes.get(name);
    if (same) same.push(index);
    else indexes.set(name, [index]);
  }
  const result = [...names];
  for (const [name, same] of indexes) {
    const longer = same.map((index) => extended(name, index));
    if (same.length === 1 || new Set(longer).size === 1) continue;
    for (const [position, index] of same.entries()) result[index] = longer[position]!;
  }
  return result;
}

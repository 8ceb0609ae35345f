/** The path of a request target: without origin, query and fragment, which may hold secrets. */
export function pathOf(target: string | undefined): string {
  const path = (target ?? '').replace(/^[a-z][a-z\d+.-]*:\/\/[^/?#]*/i, '').replace(/[?#].*$/s, '');
  return path || '/';
}

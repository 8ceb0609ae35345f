/** How reading what belongs to a process fails when it has ended, or is of another user. */
const GONE: ReadonlySet<string | undefined> = new Set(['ENOENT', 'ESRCH', 'EACCES', 'EPERM']);

/** For `catch` when something is read that may be gone. Whatever else prevents it must not pass for that, so it is thrown. */
export function ifGone<Result>(otherwise: Result): (error: NodeJS.ErrnoException) => Result {
  return (error) => {
    if (GONE.has(error.code)) return otherwise;
    throw error;
  };
}

import { fileURLToPath } from 'node:url';
import { withCallSites } from './stack.js';

/**
 * Location of this copy of the package, for messages: a process may load several copies, of the same or different
 * versions.
 *
 * It is read from the stack, because neither `import.meta` nor `__filename` is available in both module formats.
 */
export const THIS_COPY: string = pathOf(ownFile());

function ownFile(): string | undefined {
  return withCallSites(([here]) => here?.getFileName() ?? undefined, ownFile);
}

/** Returns the folder of the package, whose files in `shared` have any names, or the file itself if a bundler has moved it. */
function pathOf(file: string | undefined): string {
  if (file === undefined) return 'an unknown place';
  const path = file.startsWith('file:') ? fileURLToPath(file) : file;
  return path.replace(/[\\/](?:util[\\/]this-copy|shared[\\/][\w-]+)\.[cm]?[jt]s$/, '');
}

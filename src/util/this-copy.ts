import { fileURLToPath } from 'node:url';
import { withCallSites } from './stack.js';

/**
 * Where this copy of the package is: a process may load several, of one version or of two. For messages.
 *
 * Neither `import.meta` nor `__filename` is there in both module formats, but the stack is.
 */
export const THIS_COPY: string = pathOf(ownFile());

function ownFile(): string | undefined {
  return withCallSites(([here]) => here?.getFileName() ?? undefined, ownFile);
}

/** The folder that the package was compiled to; the file itself where a bundler has moved it. */
function pathOf(file: string | undefined): string {
  if (file === undefined) return 'an unknown place';
  const path = file.startsWith('file:') ? fileURLToPath(file) : file;
  return path.replace(/[\\/]util[\\/]this-copy\.[cm]?[jt]s$/, '');
}

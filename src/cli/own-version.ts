import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { THIS_COPY } from '../util/this-copy.js';

/** Returns the version of this copy of the package, from the nearest manifest above it that has one. */
export function ownVersion(): string {
  for (let folder = THIS_COPY; dirname(folder) !== folder; folder = dirname(folder)) {
    try {
      const manifest = readFileSync(join(folder, 'package.json'), 'utf8');
      const { version } = JSON.parse(manifest) as { readonly version?: string };
      if (version !== undefined) return version;
    } catch {
      // There is no manifest here.
    }
  }
  return 'unknown';
}

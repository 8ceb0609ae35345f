import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * Returns the version of an installed package from its manifest. The manifest is searched for in `node_modules` from the
 * program upwards, because not every package exports it.
 *
 * @param packageName `node` for Node itself
 * @returns `undefined` if none is found, as in a bundled program
 */
export function packageVersion(packageName: string): string | undefined {
  if (packageName === 'node') return process.versions.node;
  for (const start of [process.argv[1] && dirname(process.argv[1]), process.cwd()]) {
    for (let folder = start; folder !== undefined && folder !== ''; folder = parentOf(folder)) {
      const version = versionIn(join(folder, 'node_modules', packageName, 'package.json'));
      if (version !== undefined) return version;
    }
  }
  return undefined;
}

function parentOf(folder: string): string | undefined {
  const parent = dirname(folder);
  return parent === folder ? undefined : parent;
}

function versionIn(manifest: string): string | undefined {
  try {
    const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version?: unknown };
    return typeof version === 'string' ? version : undefined;
  } catch {
    return undefined;
  }
}

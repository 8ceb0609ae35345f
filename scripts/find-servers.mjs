import { existsSync, readdirSync } from 'node:fs';
import { delimiter } from 'node:path';

/** Where Debian and its like put each version of PostgreSQL. */
const POSTGRES_ROOT = '/usr/lib/postgresql';

/**
 * The servers that the tests of test/services start, as far as this machine has them.
 *
 * @returns {{ postgres?: string, initdb?: string, redis?: string, missing: string[] }} paths of programs, and a
 *   sentence for what is missing
 */
export function findServers() {
  const versions = existsSync(POSTGRES_ROOT) ? readdirSync(POSTGRES_ROOT) : [];
  const folders = [
    ...(process.env['PATH'] ?? '').split(delimiter),
    ...versions.map((version) => `${POSTGRES_ROOT}/${version}/bin`),
  ];
  const find = (program) => folders.map((folder) => `${folder}/${program}`).find((path) => existsSync(path));
  const [postgres, initdb, redis] = ['postgres', 'initdb', 'redis-server'].map(find);
  return {
    postgres,
    initdb,
    redis,
    missing: [
      ...(postgres && initdb ? [] : ['no PostgreSQL on this machine (apt-get install postgresql)']),
      ...(redis ? [] : ['no Redis on this machine (apt-get install redis-server)']),
    ],
  };
}

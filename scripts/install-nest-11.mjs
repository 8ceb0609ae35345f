import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Installs the newest and the oldest Nest 11, unless what is there is as new as the lock file. */
for (const name of ['nest-11', 'nest-11.0']) {
  const folder = fileURLToPath(new URL(`../test/${name}/`, import.meta.url));
  const wanted = `${folder}package-lock.json`;
  const installed = `${folder}node_modules/.package-lock.json`;

  if (!existsSync(installed) || statSync(installed).mtimeMs < statSync(wanted).mtimeMs) {
    const { status } = spawnSync('npm', ['ci', '--prefix', folder, '--no-audit', '--no-fund'], {
      stdio: 'inherit',
      shell: process.platform === 'win32',
    });
    process.exitCode ||= status ?? 1;
  }
}

import { spawnSync } from 'node:child_process';
import { expect, it } from '@jest/globals';
import { requireTool } from '../../scripts/find-tools.mjs';

requireTool('proc');

const built = (file: string): string => new URL(`../../build/rehearsal/${file}`, import.meta.url).href;

/** Runs a program that may take every file it may open but one: `exhaust()`, and has all of them again: `release()`. */
function withFewFiles(source: string): { readonly stdout: string; readonly stderr: string } {
  const program = `
    import { openSync, closeSync } from 'node:fs';
    const files = [];
    const exhaust = () => {
      try { for (;;) files.push(openSync('/dev/null', 'r')); } catch {}
      closeSync(files.pop());
    };
    const release = () => files.splice(0).forEach((file) => closeSync(file));
    ${source}
  `;
  const node = 'ulimit -n 64; exec "$0" --disable-warning=ExperimentalWarning --input-type=module -e "$1"';
  return spawnSync('sh', ['-c', node, process.execPath, program], {
    encoding: 'utf8',
    timeout: 60_000,
  });
}

it('processes that cannot be read are not taken for ended', () => {
  const { stdout, stderr } = withFewFiles(`
    import { processesFromProc } from '${built('target/process-table.js')}';
    exhaust();
    const answer = await processesFromProc().then((all) => all.length + ' processes', (error) => error.code);
    release();
    console.log(answer);
  `);

  expect({ stdout, stderr }).toEqual({ stdout: 'EMFILE\n', stderr: '' });
});

it('an application is killed although nobody can tell what else it has started', () => {
  const { stdout, stderr } = withFewFiles(`
    import { Application } from '${built('target/application.js')}';
    const command = [process.execPath, '-e', 'setInterval(() => {}, 1000)'];
    const application = await Application.start({ command, onOutput: () => {} });
    exhaust();
    const code = await application[Symbol.asyncDispose]().catch((error) => error.code);
    const { signal } = await application.exited;
    release();
    console.log(code, signal);
    process.exit();
  `);

  expect({ stdout, stderr }).toEqual({ stdout: 'EMFILE SIGKILL\n', stderr: '' });
});

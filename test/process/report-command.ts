import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The program of the package, as it was built. */
export const COMMAND = fileURLToPath(new URL('../../dist/esm/cli/nestjs-drain.js', import.meta.url));

/** Runs it to its end. */
export function runCommand(
  ...args: readonly string[]
): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [COMMAND, ...args], (error, stdout, stderr) =>
      resolve({ code: Number(error?.code ?? 0), stdout, stderr }),
    );
  });
}

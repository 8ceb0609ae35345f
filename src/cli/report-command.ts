import { writeFileSync } from 'node:fs';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { htmlReport } from './html-report.js';
import { readReport } from './read-report.js';
import type { Command } from './command.js';

/**
 * Runs `nestjs-drain report FILE`: writes an HTML page next to the file, or to the path in `--output`. It writes over a
 * file, or through a link, with `--force` only.
 *
 * @returns the path of the page
 * @throws {Error} if there is no report, one of another version or a damaged one, or if a file cannot be read or written
 */
function report(args: readonly string[]): string {
  const { positionals, values } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { output: { type: 'string' }, force: { type: 'boolean' } },
  });
  const [file, ...rest] = positionals;
  if (file === undefined || rest.length > 0) throw new Error('report requires exactly one file');
  const found = readReport(file);
  const output = values.output ?? join(dirname(file), `${basename(file, extname(file))}.html`);
  if (resolve(output) === resolve(file)) {
    throw new Error(`the page would overwrite ${file}: set another path with --output`);
  }
  write(output, htmlReport(found), values.force === true);
  return output;
}

/** Without `force`, writes a new file only: neither over another one nor through a link. */
function write(output: string, page: string, force: boolean): void {
  try {
    writeFileSync(output, page, { flag: force ? 'w' : 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw new Error(`${output} exists: set another path with --output, or write over it with --force`, {
      cause: error,
    });
  }
}

/** The command `report`. */
export const REPORT_COMMAND: Command = {
  name: 'report',
  summary: 'writes an HTML page with the timeline of a shutdown',
  usage: `Usage: nestjs-drain report FILE [--output PAGE] [--force]

Writes an HTML page with the timeline of a shutdown, and prints its path.

  FILE           the report, as written by report.file, or a log of JSON lines: its last report counts
  --output PAGE  the path of the page; default: beside FILE, with the ending .html
  --force        writes over an existing file, or through a link`,
  run: report,
};

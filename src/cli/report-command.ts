import { readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { REPORT_VERSION } from '../core/report.js';
import { findReport, isCurrent } from './find-report.js';
import { htmlReport } from './html-report.js';

/**
 * `nestjs-drain report FILE`: writes a page beside the file, or to where `--output` says.
 *
 * @returns what to tell
 * @throws {Error} when there is no report, or one of another version, or a file cannot be read or written
 */
export function report(args: readonly string[]): string {
  const { positionals, values } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { output: { type: 'string' } },
  });
  const [file, ...rest] = positionals;
  if (file === undefined || rest.length > 0) throw new Error('report takes one file');
  const found = findReport(readFileSync(file, 'utf8'));
  if (!found) {
    throw new Error(
      `${file} has no report of a shutdown in it: give what report.file or report.callback got, or a log with its line`,
    );
  }
  if (!isCurrent(found)) {
    throw new Error(
      `the report in ${file} has version ${found.version}; this command reads version ${REPORT_VERSION}`,
    );
  }
  const output = values.output ?? join(dirname(file), `${basename(file, extname(file))}.html`);
  if (resolve(output) === resolve(file)) {
    throw new Error(`the page would overwrite ${file}: say with --output where it is to go`);
  }
  writeFileSync(output, htmlReport(found));
  return output;
}

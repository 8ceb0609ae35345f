import { readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { REPORT_VERSION } from '../core/report.js';
import { findReport, isCurrent } from './find-report.js';
import { htmlReport } from './html-report.js';

/**
 * Runs `nestjs-drain report FILE`: writes an HTML page next to the file, or to the path in `--output`.
 *
 * @returns the path of the page
 * @throws {Error} if there is no report or one of another version, or if a file cannot be read or written
 */
export function report(args: readonly string[]): string {
  const { positionals, values } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { output: { type: 'string' } },
  });
  const [file, ...rest] = positionals;
  if (file === undefined || rest.length > 0) throw new Error('report requires exactly one file');
  const found = findReport(readFileSync(file, 'utf8'));
  if (!found) {
    throw new Error(
      `${file} contains no shutdown report: pass a JSON report, as written by report.file, ` +
        'or a log that contains one',
    );
  }
  if (!isCurrent(found)) {
    throw new Error(
      `the report in ${file} has version ${found.version}; this command reads version ${REPORT_VERSION}`,
    );
  }
  const output = values.output ?? join(dirname(file), `${basename(file, extname(file))}.html`);
  if (resolve(output) === resolve(file)) {
    throw new Error(`the page would overwrite ${file}: set another path with --output`);
  }
  writeFileSync(output, htmlReport(found));
  return output;
}

import { readFileSync } from 'node:fs';
import { REPORT_VERSION, type ShutdownReport } from '../core/report.js';
import { findReport, isCurrent } from './find-report.js';
import { wrongFields } from './report-fields.js';

/** How many wrong fields are named. */
const MOST_FIELDS = 5;

/**
 * Reads the report in a file, or the last one in a log.
 *
 * @throws {Error} if there is no report, one of another version or a damaged one, or if the file cannot be read
 */
export function readReport(file: string): ShutdownReport {
  const found = findReport(readFileSync(file, 'utf8'));
  if (!found) {
    throw new Error(
      `${file} contains no shutdown report: pass a JSON report, as written by report.file, ` +
        'or a log of JSON lines that contains one',
    );
  }
  if (!isCurrent(found)) {
    throw new Error(
      `the report in ${file} has version ${found.version}; this command reads version ${REPORT_VERSION}`,
    );
  }
  const wrong = wrongFields(found);
  if (wrong.length > 0) {
    const [some, more] = [wrong.slice(0, MOST_FIELDS), wrong.length - MOST_FIELDS];
    throw new Error(
      `the report in ${file} is damaged: ${some.join('; ')}${more > 0 ? `; and ${more} more` : ''}`,
    );
  }
  return found;
}

import { closeSync, openSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { rehearsalJunit } from '../rehearsal/output/junit.js';
import { findReport, isCurrent } from './find-report.js';
import { rehearsalPage } from './rehearsal-page.js';
import { wrongFields } from './report-fields.js';
import type { ShutdownReport } from '../core/report.js';
import type { RehearsalReport } from '../rehearsal/rehearsal-report.js';
import type { RehearseFlags } from '../rehearsal/flags/flags.js';

/** Throws for a file that cannot be written to: before a rehearsal, not after it. */
export function checkOutputs({ json, junit, html, report }: RehearseFlags): void {
  for (const path of [json, junit, html]) if (path !== undefined) closeSync(openSync(path, 'a'));
  if (report !== undefined && html === undefined) {
    throw new Error(
      '--report puts the report of the application into the page: say with --html where that is',
    );
  }
}

/**
 * Writes the files that were asked for, over those that exist.
 *
 * @param startedAt when the rehearsal began, in the milliseconds of `Date.now()`
 */
export function writeOutputs(rehearsal: RehearsalReport, flags: RehearseFlags, startedAt: number): void {
  const { json, junit, html, report } = flags;
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(rehearsal, null, 2)}\n`);
  if (junit !== undefined) writeFileSync(junit, rehearsalJunit(rehearsal));
  if (html === undefined) return;
  writeFileSync(
    html,
    rehearsalPage(rehearsal, report === undefined ? undefined : ownReport(report, startedAt)),
  );
}

/** The report that the application wrote during the rehearsal, or why there is none. */
function ownReport(path: string, startedAt: number): ShutdownReport | string {
  try {
    if (statSync(path).mtimeMs < startedAt) return `${path} is older than the rehearsal`;
    const found = findReport(readFileSync(path, 'utf8'));
    return found && isCurrent(found) && wrongFields(found).length === 0
      ? found
      : `${path} contains no shutdown report of this version`;
  } catch {
    return `there is no ${path}: the option report.file of the application names it`;
  }
}

import { closeSync, openSync, writeFileSync } from 'node:fs';
import { rehearsalJunit } from '../rehearsal/output/junit.js';
import { rehearsalPage } from './rehearsal-page.js';
import type { RehearsalReport } from '../rehearsal/rehearsal-report.js';
import type { RehearseFlags } from './rehearse-flags.js';

const RENDERERS = {
  json: (report: RehearsalReport) => `${JSON.stringify(report, null, 2)}\n`,
  junit: rehearsalJunit,
  html: rehearsalPage,
} as const;

const FORMATS = ['json', 'junit', 'html'] as const;

/** Throws for a file that cannot be written to: before a rehearsal, not after it. */
export function checkOutputs(flags: RehearseFlags): void {
  for (const format of FORMATS) {
    const path = flags[format];
    if (path !== undefined) closeSync(openSync(path, 'a'));
  }
}

/** Writes the files that were asked for, over those that exist. */
export function writeOutputs(report: RehearsalReport, flags: RehearseFlags): void {
  for (const format of FORMATS) {
    const path = flags[format];
    if (path !== undefined) writeFileSync(path, RENDERERS[format](report));
  }
}

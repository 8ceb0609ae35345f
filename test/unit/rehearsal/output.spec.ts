import { describe, expect, it } from '@jest/globals';
import { rehearsalPage } from '../../../src/cli/rehearsal-page.js';
import { rehearsalJunit } from '../../../src/rehearsal/output/junit.js';
import { rehearsalText } from '../../../src/rehearsal/output/text.js';
import { rehearsalReport } from '../../../src/rehearsal/rehearsal-report.js';
import { SAMPLE_REPORT } from '../core/sample-report.js';
import { CLEAN_RUN, LOSSY_RUN, SAMPLE_PLAN } from './sample-run.js';

const clean = rehearsalReport([CLEAN_RUN], SAMPLE_PLAN);
const hostile = { ...LOSSY_RUN, leftBehind: [{ pid: 5, name: '<b>&"\u001b[31m' }] };
const lossy = rehearsalReport([hostile], SAMPLE_PLAN);

describe('a rehearsal as text', () => {
  it('says what was lost and how punctual the load was', () => {
    const lines = rehearsalText(clean).split('\n');

    expect(lines[0]).toBe('node dist/main.js: SIGTERM under load, grace period 30000 ms');
    expect(lines.slice(-3)).toEqual([
      'Lost 0 of 160 requests over 1 restart: 0 per million, at most 18724 at 95 % confidence.',
      'Arrival times were held within 5 ms at 50 requests/s: 99 % within 1.1 ms, all within 2.3 ms.',
      'Every promise that was seen was kept.',
    ]);
  });

  it('says where arrival times were not held', () => {
    const late = { ...CLEAN_RUN, punctuality: { sent: 160, late: 7, p99Ms: 20, worstMs: 31.5 } };

    expect(rehearsalText(rehearsalReport([late, CLEAN_RUN], SAMPLE_PLAN))).toContain(
      'Arrival times were not held within 5 ms at 50 requests/s: 7 of 320 requests were sent later, up to 31.5 ms',
    );
  });

  it('says how to see what was unseen', () => {
    expect(rehearsalText(rehearsalReport([{ ...CLEAN_RUN, streams: [] }], SAMPLE_PLAN))).toMatch(
      /^unseen {2}event streams end cleanly +none was opened\n {10}to see it: name its path with --stream$/m,
    );
  });

  it('says how to fix it', () => {
    expect(rehearsalText(lossy)).toMatch(
      /^BROKEN {2}new connections [^]*?\n {10}GET \/ on a new connection, sent at 899 ms: refused at 900 ms\n[^]*?\n {10}to fix it: keep the port open/m,
    );
    expect(rehearsalText(lossy)).not.toContain('\u001b');
  });
});

describe('a rehearsal as JUnit', () => {
  it('has a test case per promise', () => {
    expect(rehearsalJunit(clean)).toContain('tests="12" failures="0" skipped="0"');
    const junit = rehearsalJunit(lossy);
    expect(junit).toContain('tests="12" failures="2" skipped="0"');
    expect(junit).toContain('<failure message="2 refused, of 60">GET / on a new connection');
    expect(junit).toContain('process 5 (&lt;b&gt;&amp;&quot;\\x1b[31m) was still running');
  });
});

describe('a rehearsal as a page', () => {
  it('has the verdicts and the curve, and needs nothing else', () => {
    const page = rehearsalPage(lossy);

    expect(page).toContain('<h1 class="failed">');
    expect(page).toContain('<title>2 refused from 900 ms</title>');
    expect(page).toContain('process 5 (&lt;b&gt;');
    expect(page).not.toMatch(/<script|src=|href=|<b>/);
    expect(rehearsalPage(clean)).toContain('<h1 class="completed">');
  });

  it('has the report of the application below, or why there is none', () => {
    expect(rehearsalPage(clean)).not.toContain('The report of the application');
    expect(rehearsalPage(clean, SAMPLE_REPORT)).toContain('aria-label="Timeline of the shutdown"');
    expect(rehearsalPage(clean, '<a.json> is older')).toContain('<p>&lt;a.json&gt; is older</p>');
  });

  it('has a curve of the worst restarts only', () => {
    const page = rehearsalPage(
      rehearsalReport([...Array<typeof CLEAN_RUN>(20).fill(CLEAN_RUN), LOSSY_RUN], SAMPLE_PLAN),
    );

    expect(page.match(/<svg /g)).toHaveLength(10);
    expect(page).toContain('<h2>Restart 21</h2>');
  });
});

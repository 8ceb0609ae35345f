import { parseArgs } from 'node:util';
import { formatTimeline } from 'nestjs-drain';
import { LiveProgress } from '#rehearsal/output/live-progress.js';
import { BALANCER_LAG_MS, PROBE_INTERVAL_MS, runDemo, type DemoResult, type Mode } from './run.js';
import { formatTable, headline, problemsOf } from './summary.js';

const SUBJECTS: Readonly<Record<Mode, string>> = {
  with: 'a NestJS application with nestjs-drain',
  without: 'the same application on bare Nest',
};

const BALANCERS: Readonly<Record<Mode, readonly string[]>> = {
  with: [
    `polls GET /readyz every ${PROBE_INTERVAL_MS} ms; ${BALANCER_LAG_MS} ms after it falls, sends`,
    'no more requests',
  ],
  without: [
    'has no readiness to poll, so it is told at the SIGTERM itself, sooner',
    `than by any probe; ${BALANCER_LAG_MS} ms later, sends no more requests`,
  ],
};

function introduction(mode: Mode): string {
  const indent = ' '.repeat(10);
  return [
    `SIGTERM under load: ${SUBJECTS[mode]}, Node ${process.version}`,
    '',
    'load      about 140 requests a second, whatever is answered, over connections',
    `${indent}that stay open until the application closes them`,
    `balancer  ${BALANCERS[mode].join(`\n${indent}`)}`,
    '',
  ].join('\n');
}

function conclude(result: DemoResult, width: number): void {
  if (result.report) console.log(`\n${formatTimeline(result.report, { width })}`);
  console.log(`\n${formatTable(result)}\n\n${headline(result)}`);
  if (result.mode === 'without') {
    console.log('With nestjs-drain: npm run demo');
  } else if (problemsOf(result).length > 0) {
    console.log(`\nWhat the application printed:\n${result.exit.output}`);
    process.exitCode = 1;
  }
}

function modeOf(args: readonly string[]): Mode {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { without: { type: 'boolean', default: false } },
    });
    return values.without ? 'without' : 'with';
  } catch (error) {
    console.error(`${(error as Error).message}\nUsage: npm run demo [-- --without]`);
    process.exit(2);
  }
}

const mode = modeOf(process.argv.slice(2));
console.log(introduction(mode));
conclude(await runDemo(mode, new LiveProgress(process.stdout)), Math.min(process.stdout.columns ?? 80, 120));

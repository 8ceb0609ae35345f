import { parseArgs } from 'node:util';
import { withReport } from '../planning/from-report.js';
import { FACTS, OPTIONS, readInputs, usualText, type Input } from '../planning/inputs.js';
import { manifestOf } from '../planning/manifest.js';
import { planText } from '../planning/plan-text.js';
import { plan } from '../planning/plan.js';
import { readReport } from './read-report.js';
import type { Command } from './command.js';

const INPUTS: readonly Input[] = [...FACTS, ...OPTIONS];

/**
 * Runs `nestjs-drain plan`.
 *
 * @returns the plan as text, as JSON with `--json`, or only its manifest with `--manifest`
 * @throws {Error} one sentence for each argument that is wrong
 */
function runPlan(args: readonly string[]): string {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      ...Object.fromEntries(INPUTS.map(({ flag }) => [flag, { type: 'string' as const }])),
      report: { type: 'string' },
      json: { type: 'boolean' },
      manifest: { type: 'boolean' },
    },
  });
  if (positionals.length > 0) throw new Error(`plan takes no argument ${JSON.stringify(positionals[0])}`);
  if (values.json === true && values.manifest === true) throw new Error('use --json or --manifest, not both');
  const flags = values as Readonly<Record<string, unknown>>;
  const texts = Object.fromEntries(INPUTS.map(({ name, flag }) => [name, flags[flag] as string | undefined]));
  const { facts, given, problems } = readInputs(texts, ({ flag }) => `--${flag}`);
  if (problems.length > 0) throw new Error(problems.join('\n'));

  const observed =
    values.report === undefined ? undefined : withReport(facts, given, readReport(values.report));
  const { warnings, ...rest } = plan(observed?.facts ?? facts, observed?.given ?? given);
  const complete = { ...rest, warnings: [...(observed?.warnings ?? []), ...warnings] };
  if (values.json === true) return JSON.stringify(complete, null, 2);
  return values.manifest === true ? manifestOf(complete).trimEnd() : planText(complete);
}

const WIDTH = Math.max(...INPUTS.map(({ flag }) => flag.length)) + 2;

function factLine({ name, flag, meaning }: Input): string {
  return `  ${`--${flag}`.padEnd(WIDTH)}  ${meaning}; default: ${usualText(name)}`;
}

function optionLine({ flag, label, meaning }: Input): string {
  return `  ${`--${flag}`.padEnd(WIDTH)}  ${label}: ${meaning}`;
}

/** The command `plan`. */
export const PLAN_COMMAND: Command = {
  name: 'plan',
  summary: 'computes the grace period, the options and the Kubernetes manifest',
  usage: `Usage: nestjs-drain plan [FACTS] [OPTIONS] [--report FILE] [--json | --manifest]

Computes terminationGracePeriodSeconds and the options of an application, explains each part, warns of what does not fit,
and prints the Kubernetes manifest. Durations have a unit: 500ms, 25s, 2m.

Facts:
${FACTS.map(factLine).join('\n')}

Options that the application has:
${OPTIONS.map(optionLine).join('\n')}

  ${'--report FILE'.padEnd(WIDTH)}  reads facts and options from the report of a shutdown
  ${'--json'.padEnd(WIDTH)}  prints the plan as JSON
  ${'--manifest'.padEnd(WIDTH)}  prints only the manifest`,
  run: runPlan,
};

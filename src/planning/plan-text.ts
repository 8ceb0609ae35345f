import { durationText } from './duration-text.js';
import { manifestOf } from './manifest.js';
import { optionsCode } from './options-code.js';
import type { Plan } from './plan.js';

/** Renders a plan for a terminal: the terms, the code, the warnings and the manifest. */
export function planText(plan: Plan): string {
  const { terms, options, terminationGracePeriodSeconds, warnings } = plan;
  const names = Math.max(...terms.map(({ name }) => name.length));
  const times = terms.map(({ ms }) => durationText(ms));
  const width = Math.max(...times.map(({ length }) => length));
  return [
    `terminationGracePeriodSeconds: ${terminationGracePeriodSeconds}`,
    ...terms.map(
      ({ name, reason }, index) => `  ${name.padEnd(names)}  ${times[index]!.padStart(width)}  ${reason}`,
    ),
    '',
    ...(Object.keys(options).length === 0 ? ['The default options fit:'] : ['Options to set:']),
    `  ${optionsCode(options)}`,
    '',
    ...warnings.map((warning) => `Warning: ${warning}`),
    ...(warnings.length > 0 ? [''] : []),
    'Manifest:',
    '',
    manifestOf(plan).trimEnd(),
  ].join('\n');
}

import { checkEventStreams } from './check-event-streams.js';
import { nearestName } from '../util/nearest-name.js';
import { FORMER_OPTIONS } from './former-options.js';
import {
  HEALTH_RULES,
  isRecord,
  LATE_RESPONSE_RULES,
  MANAGEMENT_RULES,
  OPTION_RULES,
  REPORT_RULES,
} from './option-rules.js';
import { show } from './problem.js';
import type { HealthOptions } from './options.js';
import type { Problem } from './problem.js';

type AnyRules = Readonly<Record<string, (value: unknown) => Pick<Problem, 'reason' | 'fix'> | undefined>>;

/** Rules of the options that group others. */
const GROUPS: Readonly<Record<string, AnyRules>> = {
  lateResponse: LATE_RESPONSE_RULES,
  health: HEALTH_RULES,
  management: MANAGEMENT_RULES,
  report: REPORT_RULES,
};

/** Checks every option on its own; `checkBudget` checks whether the durations fit together. */
export function checkOptions(options: unknown): Problem[] {
  if (!isRecord(options)) {
    return [{ name: 'the options', reason: `are ${show(options)}, not an object`, fix: 'use an object' }];
  }
  return [
    ...checkEach(options, OPTION_RULES, ''),
    ...Object.entries(GROUPS).flatMap(([name, rules]) => {
      const group = options[name];
      return isRecord(group) ? checkEach(group, rules, `${name}.`) : [];
    }),
    ...checkEventStreams(options['eventStreams']),
  ];
}

/** Checks that the health, drain and shutdown routes have distinct paths. */
export function checkRoutes(health: HealthOptions): Problem[] {
  const names = new Map<string, string>();
  const problems: Problem[] = [];
  for (const name of ['readiness', 'liveness', 'drain', 'shutdown'] as const) {
    const path = health[name];
    if (typeof path !== 'string') continue;
    const other = names.get(path);
    if (other !== undefined) {
      problems.push({
        name: `health.${name}`,
        reason: `is '${path}', the same path as health.${other}`,
        fix: 'use a different path, or false',
      });
    }
    names.set(path, name);
  }
  return problems;
}

/** Returns the options without those that are `undefined`: these count as not set. */
export function definedOnly<Options extends object>(
  options: Options,
): { [Name in keyof Options]?: Exclude<Options[Name], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Options;
}

function checkEach(options: Record<string, unknown>, rules: AnyRules, prefix: string): Problem[] {
  return Object.entries(definedOnly(options)).flatMap(([name, value]) => {
    const check = Object.hasOwn(rules, name) ? rules[name] : undefined;
    if (!check) return [formerOption(prefix + name) ?? unknownOption(name, Object.keys(rules), prefix)];
    const complaint = check(value);
    return complaint ? [{ name: prefix + name, ...complaint }] : [];
  });
}

function formerOption(name: string): Problem | undefined {
  const change = Object.hasOwn(FORMER_OPTIONS, name) ? FORMER_OPTIONS[name] : undefined;
  return change && { name, ...change };
}

function unknownOption(name: string, known: readonly string[], prefix: string): Problem {
  const nearest = nearestName(name, known);
  return {
    name: prefix + name,
    reason: 'is not an option',
    fix:
      nearest === undefined ? `known options are ${known.join(', ')}` : `did you mean ${prefix}${nearest}?`,
  };
}

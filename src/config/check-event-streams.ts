import { nearestName } from '../util/nearest-name.js';
import { show } from './problem.js';
import type { Problem } from './problem.js';

type Complaint = Pick<Problem, 'reason' | 'fix'>;

const KNOWN = ['route', 'policy', 'maxMs'] as const;

/** Checks `eventStreams`: every entry on its own, and whether an earlier one hides it. */
export function checkEventStreams(entries: unknown): Problem[] {
  if (!Array.isArray(entries)) return [];
  const seen = new Map<unknown, number>();
  return entries.flatMap((entry: unknown, index) => {
    const name = `eventStreams[${index}]`;
    if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) {
      return [{ name, reason: `is ${show(entry)}, not an object`, fix: 'use { route, policy, maxMs }' }];
    }
    const { route } = entry as { route?: unknown };
    const first = seen.get(route);
    seen.set(route, first ?? index);
    const hidden = {
      name,
      reason: `has no effect: eventStreams[${first}] has the same route`,
      fix: 'remove one of them',
    };
    return [...checkEntry(name, entry), ...(first !== undefined && route !== undefined ? [hidden] : [])];
  });
}

/** Checks the policy of a stream and its limit; reads on from the name of each. */
export function checkStreamPolicy({
  policy,
  maxMs,
}: {
  readonly policy?: unknown;
  readonly maxMs?: unknown;
}): [name: string, Complaint][] {
  const problems: [string, Complaint][] = [];
  if (policy !== 'end' && policy !== 'finish') {
    problems.push(['policy', { reason: `is ${show(policy)}`, fix: "use 'end' or 'finish'" }]);
  }
  if (maxMs === undefined) return problems;
  if (policy === 'end') {
    const reason = "applies to the policy 'finish' only";
    problems.push(['maxMs', { reason, fix: 'use that policy, or omit maxMs' }]);
  }
  if (!(typeof maxMs === 'number' && maxMs >= 0)) {
    problems.push(['maxMs', { reason: `is ${show(maxMs)}`, fix: 'use a number of milliseconds, 0 or more' }]);
  }
  return problems;
}

function checkEntry(name: string, entry: object): Problem[] {
  const { route } = entry as { route?: unknown };
  const unknown = Object.keys(entry).filter((key) => !KNOWN.some((known) => known === key));
  return [
    ...unknown.map((key) => {
      const nearest = nearestName(key, KNOWN);
      const fix = nearest === undefined ? `known are ${KNOWN.join(', ')}` : `did you mean ${nearest}?`;
      return { name: `${name}.${key}`, reason: 'is not an option', fix };
    }),
    ...(isRoute(route)
      ? []
      : [
          {
            name: `${name}.route`,
            reason: `is ${show(route)}, not a route such as /mcp, POST /graphql, /chats/:id/events or /live/*`,
            fix: 'use the path as the client sends it, optionally with a method in front',
          },
        ]),
    ...checkStreamPolicy(entry).map(([key, complaint]) => ({ name: `${name}.${key}`, ...complaint })),
  ];
}

function isRoute(value: unknown): boolean {
  return typeof value === 'string' && /^([A-Z]+ )?\/[^\s*?#]*\*?$/.test(value);
}

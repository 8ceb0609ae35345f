import { isObject } from '../util/foreign.js';

type Type = 'string' | 'number';
type Fields = Readonly<Record<string, Type>>;

/** Fields that the page needs, and their types; `null` is a number that JSON cannot represent, such as `Infinity`. */
const REPORT: Fields = {
  status: 'string',
  startedAt: 'string',
  durationMs: 'number',
  gracePeriodMs: 'number',
  remainingMs: 'number',
  releaseReserveMs: 'number',
};
const LISTS: Readonly<Record<string, Fields>> = {
  phases: { phase: 'string', startedMs: 'number', durationMs: 'number' },
  participants: {
    name: 'string',
    phase: 'string',
    outcome: 'string',
    startedMs: 'number',
    durationMs: 'number',
  },
  cuts: { kind: 'string', name: 'string', ageMs: 'number', phase: 'string' },
  pending: { name: 'string', phase: 'string', ageMs: 'number' },
  inFlight: { atMs: 'number', count: 'number' },
};
/** Lists that only a report of very much has. */
const OPTIONAL_LISTS: Readonly<Record<string, Fields>> = {
  moreCuts: { kind: 'string', phase: 'string', count: 'number' },
  moreParticipants: { phase: 'string', outcome: 'string', count: 'number' },
};
const OBJECTS = ['reason', 'statistics', 'activeResources'];

/** Returns a sentence for each field of a report that is missing or has another type. */
export function wrongFields(report: object): string[] {
  const fields = report as Readonly<Record<string, unknown>>;
  return [
    ...wrongIn(fields, REPORT, ''),
    ...OBJECTS.filter((name) => !isObject(fields[name])).map((name) => `${name} must be an object`),
    ...Object.entries(LISTS).flatMap(([name, types]) => wrongInList(fields[name], types, name)),
    ...Object.entries(OPTIONAL_LISTS).flatMap(([name, types]) =>
      fields[name] === undefined ? [] : wrongInList(fields[name], types, name),
    ),
  ];
}

function wrongInList(list: unknown, types: Fields, name: string): string[] {
  if (!Array.isArray(list)) return [`${name} must be an array`];
  return list.flatMap((item: unknown, index) =>
    isObject(item)
      ? wrongIn(item as Readonly<Record<string, unknown>>, types, `${name}[${index}].`)
      : [`${name}[${index}] must be an object`],
  );
}

function wrongIn(fields: Readonly<Record<string, unknown>>, types: Fields, path: string): string[] {
  return Object.entries(types)
    .filter(([name, type]) => typeof fields[name] !== type && !(type === 'number' && fields[name] === null))
    .map(([name, type]) => `${path}${name} must be a ${type}`);
}

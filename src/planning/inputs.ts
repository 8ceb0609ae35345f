import { LONGEST_MS, parseDuration } from '../config/duration.js';
import { durationText } from './duration-text.js';
import { USUAL_FACTS, type Facts } from './facts.js';
import type { GivenOptions } from './given-options.js';

/** What an input is called in code. */
export type InputName = Exclude<keyof Facts, 'announceNeedMs'> | keyof GivenOptions;

/** An input of a plan, as text. */
export interface Input {
  readonly name: InputName;
  /** Name of its flag, without the dashes. */
  readonly flag: string;
  /** Name of its field. */
  readonly label: string;
  readonly meaning: string;
  readonly kind: 'duration' | 'seconds' | 'count';
  /** The least valid value; default: 0. */
  readonly least?: number;
}

/** The facts that a plan is made for. */
export const FACTS: readonly Input[] = [
  {
    name: 'probePeriodMs',
    flag: 'probe-period',
    label: 'Probe period',
    meaning: 'how often readiness is probed, in whole seconds',
    kind: 'seconds',
    least: 1_000,
  },
  {
    name: 'failureThreshold',
    flag: 'failure-threshold',
    label: 'Failure threshold',
    meaning: 'after how many failures a probe counts as failed',
    kind: 'count',
    least: 1,
  },
  {
    name: 'propagationMs',
    flag: 'propagation',
    label: 'Propagation',
    meaning: 'how long until no proxy sends requests to a removed endpoint',
    kind: 'duration',
  },
  {
    name: 'slowestRequestMs',
    flag: 'slowest-request',
    label: 'Slowest request',
    meaning: 'how long the slowest request, transfer or job takes',
    kind: 'duration',
    least: 1,
  },
  {
    name: 'hooksMs',
    flag: 'hooks',
    label: 'Hooks',
    meaning: 'how long all shutdown hooks take together',
    kind: 'duration',
  },
];

/** The options of the application, and what its pod grants. */
export const OPTIONS: readonly Input[] = [
  {
    name: 'podGracePeriodMs',
    flag: 'pod-grace-period',
    label: 'terminationGracePeriodSeconds',
    meaning: 'from the deletion of the pod to SIGKILL',
    kind: 'seconds',
    least: 1_000,
  },
  option('gracePeriodMs', 'grace-period', 'from the signal to the exit', { least: 1 }),
  option('preStopMs', 'pre-stop', 'how long the preStop hook sleeps, in whole seconds', { kind: 'seconds' }),
  option('announceDelayMs', 'announce-delay', 'how long requests are still served'),
  option('quietPeriodMs', 'quiet-period', 'announces until no request has arrived for this long'),
  option('drainTimeoutMs', 'drain-timeout', 'how long draining may take'),
  option('reconnectWindowMs', 'reconnect-window', 'over how long clients of streams are sent away'),
  option('releaseReserveMs', 'release-reserve', 'what draining leaves to the hooks'),
];

function option(name: InputName, flag: string, meaning: string, rest?: Partial<Input>): Input {
  return { name, flag, label: name, meaning, kind: 'duration', ...rest };
}

/** Returns the usual value of a fact as text, `undefined` for an option. */
export function usualText(name: InputName): string | undefined {
  const value = (USUAL_FACTS as Partial<Record<InputName, number>>)[name];
  if (value === undefined) return undefined;
  return name === 'failureThreshold' ? String(value) : durationText(value).replace(' ', '');
}

/** What was read: facts without a text have their usual value. */
export interface ReadInputs {
  readonly facts: Facts;
  readonly given: GivenOptions;
  /** One sentence for each text that is wrong. */
  readonly problems: readonly string[];
}

/**
 * Reads the texts of inputs, such as `'25s'`.
 *
 * @param nameOf returns the name of an input for the sentences about it
 */
export function readInputs(
  texts: { readonly [Name in InputName]?: string | undefined },
  nameOf: (input: Input) => string,
): ReadInputs {
  const problems: string[] = [];
  const read = (inputs: readonly Input[]): Record<string, number> =>
    Object.fromEntries(
      inputs.flatMap((input) => {
        const text = texts[input.name];
        if (text === undefined) return [];
        const value = valueOf(input, text.trim());
        if (typeof value === 'number') return [[input.name, value] as const];
        problems.push(`${nameOf(input)} is ${JSON.stringify(text)}${value}.`);
        return [];
      }),
    );
  const facts = { ...USUAL_FACTS, ...read(FACTS) };
  return { facts, given: read(OPTIONS), problems };
}

/** Returns the value, or what is wrong with the text. */
function valueOf({ kind, least = 0 }: Input, text: string): number | string {
  if (kind === 'count') {
    const count = /^\d{1,4}$/.test(text) ? Number(text) : NaN;
    return count >= least ? count : `, not a whole number from ${least} to 9999`;
  }
  const ms = parseDuration(text);
  if (ms === undefined) return ': use a number with a unit, such as 25s, 500ms or 2m';
  if (ms < least) return `, which is too short: use ${least} ms or more`;
  if (ms > LONGEST_MS) return `, which is too long: use ${Math.floor(LONGEST_MS / 1_000)}s or less`;
  if (kind === 'seconds' && ms % 1_000 !== 0) return ': Kubernetes counts in whole seconds';
  return ms;
}

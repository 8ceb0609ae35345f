import { inspect } from 'node:util';

/** One thing that is wrong with the configuration, and what to do about it. */
export interface Problem {
  /** The option, or the environment variable. */
  readonly name: string;
  /** What is wrong, value included: it goes on from the name. */
  readonly reason: string;
  readonly fix: string;
}

/** The message of the one error that carries all problems. */
export function describeProblems(problems: readonly Problem[]): string {
  const lines = problems.map(({ name, reason, fix }) => `  - ${name} ${reason}: ${fix}`);
  const what = problems.length === 1 ? 'a problem' : `${problems.length} problems`;
  return [`the options of GracefulShutdownModule have ${what}:`, ...lines].join('\n');
}

/** A value as it is shown to people: on one line, and not too long. */
export function show(value: unknown): string {
  const text =
    typeof value === 'string' ? JSON.stringify(value) : inspect(value, { depth: 0, breakLength: Infinity });
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

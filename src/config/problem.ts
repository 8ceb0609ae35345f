import { inspect } from 'node:util';

/** One configuration problem and its fix. */
export interface Problem {
  /** Name of the option or environment variable. */
  readonly name: string;
  /** What is wrong, value included; reads on from the name. */
  readonly reason: string;
  /** What to do about it, as an imperative. */
  readonly fix: string;
}

/** Builds the message of the single error that lists all problems. */
export function describeProblems(problems: readonly Problem[]): string {
  const lines = problems.map(({ name, reason, fix }) => `  - ${name} ${reason}: ${fix}`);
  const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
  return [`invalid nestjs-drain options (${count}):`, ...lines].join('\n');
}

/** Formats a value for a message: on one line, at most 80 characters. */
export function show(value: unknown): string {
  const text =
    typeof value === 'string' ? JSON.stringify(value) : inspect(value, { depth: 0, breakLength: Infinity });
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

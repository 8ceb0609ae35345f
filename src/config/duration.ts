/** A number of milliseconds, or a number with a unit: `'500ms'`, `'25s'`, `'2m'`. */
export type Duration = number | `${number}${'ms' | 's' | 'm'}`;

/** Options as all other code reads them: complete, and with every duration in milliseconds. */
export type Resolved<Options> = {
  readonly [Name in keyof Options]-?: Duration extends Options[Name]
    ? number
    : Exclude<Options[Name], undefined>;
};

/** The longest timer that Node supports, in milliseconds; it turns a longer one into 1 ms. */
export const LONGEST_MS = 2 ** 31 - 1;

const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000 };

/** Returns the milliseconds of a text such as `25s`, `undefined` if it is not a duration. */
export function parseDuration(text: string, byDefault?: 's'): number | undefined {
  const [, amount, unit = byDefault] = /^(\d+(?:\.\d+)?)(ms|s|m)?$/.exec(text) ?? [];
  if (amount === undefined || unit === undefined) return undefined;
  return Math.round(Number(amount) * UNITS_MS[unit]!);
}

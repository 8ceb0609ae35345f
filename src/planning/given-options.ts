import type { BudgetOptions } from '../config/budget.js';

/** Options that share the grace period, in milliseconds. */
export type TimeOptions = BudgetOptions & { readonly quietPeriodMs?: number };

/** The options that an application has, and what its pod grants. */
export type GivenOptions = TimeOptions & {
  /** `terminationGracePeriodSeconds`, in milliseconds. */
  readonly podGracePeriodMs?: number;
};

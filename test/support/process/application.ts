import { afterEach } from '@jest/globals';
import { start } from './program.js';
import type { ApplicationPlan } from '../../fixtures/plan.js';
import type { OneOfSeveral } from '../../fixtures/several-applications.js';
import type { Program, StartOptions } from './program.js';

const started = new Set<Program>();

// A test that takes too long never comes to letting go of its program by itself.
afterEach(async () => {
  await Promise.all(Array.from(started, (program) => program[Symbol.asyncDispose]()));
  started.clear();
});

/** Starts the application of `test/fixtures`, as planned. */
export function startApplication(
  plan: ApplicationPlan,
  { program = 'fixtures/main', env, ...options }: StartOptions & { readonly program?: string } = {},
): Program {
  return remember(start(program, { ...options, env: { APPLICATION: JSON.stringify(plan), ...env } }));
}

/** Starts one process with several applications. */
export function startApplications(plans: readonly OneOfSeveral[], options: StartOptions = {}): Program {
  return remember(
    start('fixtures/several-applications', { ...options, env: { APPLICATIONS: JSON.stringify(plans) } }),
  );
}

function remember(program: Program): Program {
  started.add(program);
  return program;
}

/** The hooks of the application that were called, in order, each with its signal where it got one. */
export function hooksOf({ events }: Program): string[] {
  return events
    .filter(({ event }) => event === 'hook')
    .map(({ hook, signal }) => [hook, signal].filter(Boolean).join(' '));
}

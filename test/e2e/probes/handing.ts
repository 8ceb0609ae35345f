import type { Restore } from '../../support/removal.js';
import type { Probe } from '../../../src/util/probe.js';

/** Hands a probe something else than it is given: for what Node or Nest would not work without. */
export function handing<Subject>(probe: Probe<Subject>, subject: Subject): Restore {
  const { isPresent } = probe;
  Object.assign(probe, { isPresent: () => isPresent(subject) });
  return () => Object.assign(probe, { isPresent });
}

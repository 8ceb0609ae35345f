import { ProbeCheck } from '../../src/util/probe.js';

/** Probes of which none may be missing. */
export function strictProbes(): ProbeCheck {
  return new ProbeCheck({
    warn: (message) => {
      throw new Error(message);
    },
    versionOf: () => undefined,
  });
}

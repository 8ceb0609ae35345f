import { bounded } from '../util/safe-text.js';
import { messageOf } from './errors.js';
import type { Cut } from './report.js';

/** Maximum length of a name in the report, in characters. */
const NAME_CHARACTERS = 500;

/** What a participant reports as cut. */
export type CutWork = Omit<Cut, 'phase' | 'participant'>;

/** Returns the cut as plain data: it is foreign, and must not keep the report from being written. */
export function plainCut({ kind, name, ageMs, bytesSent, progress }: CutWork): CutWork {
  return {
    kind: text(kind),
    name: text(name),
    ageMs: Number.isFinite(ageMs) ? ageMs : 0,
    ...(Number.isFinite(bytesSent) && { bytesSent: bytesSent! }),
    ...(progress !== undefined && { progress: Number.isFinite(progress) ? progress : text(progress) }),
  };
}

function text(value: unknown): string {
  return bounded(typeof value === 'string' ? value : messageOf(value), NAME_CHARACTERS);
}

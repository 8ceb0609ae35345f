import type { ParticipantReport, ParticipantSum, ShutdownReport } from './report.js';

/** Number of participants, in their phases, that a report describes one by one. */
const MOST_PARTICIPANTS = 1_000;

type Selection = Pick<ShutdownReport, 'participants' | 'moreParticipants'>;

/** Returns the entries of a report: all, or those that matter most, in the same order, and the sums of the rest. */
export function selectParticipants(all: readonly ParticipantReport[]): Selection {
  if (all.length <= MOST_PARTICIPANTS) return { participants: all };
  const unclean = all.filter(({ outcome }) => outcome !== 'completed').slice(0, MOST_PARTICIPANTS);
  const selected = new Set(unclean);
  const places = MOST_PARTICIPANTS - unclean.length;
  if (places > 0) {
    const clean = all.filter(({ outcome }) => outcome === 'completed');
    const slowest = clean.toSorted((one, other) => other.durationMs - one.durationMs).slice(0, places);
    for (const participant of slowest) selected.add(participant);
  }
  const sums: Sum[] = [];
  for (const participant of all) if (!selected.has(participant)) addTo(sums, participant);
  return {
    participants: all.filter((participant) => selected.has(participant)),
    moreParticipants: sums,
  };
}

type Sum = { -readonly [Key in keyof ParticipantSum]: ParticipantSum[Key] };

function addTo(sums: Sum[], { phase, outcome, durationMs }: ParticipantReport): void {
  const sum = sums.find((known) => known.phase === phase && known.outcome === outcome);
  if (!sum) return void sums.push({ phase, outcome, count: 1, longestMs: durationMs });
  sum.count += 1;
  sum.longestMs = Math.max(sum.longestMs, durationMs);
}

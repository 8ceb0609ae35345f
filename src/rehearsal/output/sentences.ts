import type { RehearsalReport } from '../rehearsal-report.js';

/** Says what was lost, of how many. */
export function lossSentence({
  sent,
  lost,
  runs,
  lostPerMillion,
  lostPerMillionAtMost,
}: RehearsalReport): string {
  const restarts = `${runs.length} restart${runs.length === 1 ? '' : 's'}`;
  return `Lost ${lost} of ${sent} requests over ${restarts}: ${lostPerMillion} per million, at most ${lostPerMillionAtMost} at 95 % confidence.`;
}

/** Says whether the load was what it claims to be. */
export function punctualitySentence({ runs, rate }: RehearsalReport): string {
  const late = runs.reduce((sum, { punctuality }) => sum + punctuality.late, 0);
  const sent = runs.reduce((sum, { punctuality }) => sum + punctuality.sent, 0);
  const worstMs = Math.max(...runs.map(({ punctuality }) => punctuality.worstMs));
  const p99Ms = Math.max(...runs.map(({ punctuality }) => punctuality.p99Ms));
  return late === 0
    ? `Arrival times were held within 5 ms at ${rate} requests/s: 99 % within ${p99Ms} ms, all within ${worstMs} ms.`
    : `Arrival times were not held within 5 ms at ${rate} requests/s: ${late} of ${sent} requests were sent later, up to ${worstMs} ms (99 % within ${p99Ms} ms). They were sent and counted; lower --rate, or give the machine less to do.`;
}

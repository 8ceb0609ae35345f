/** Prints an event for the test that started this program; see `Program.event`. */
export function tell(event: string, details: Readonly<Record<string, unknown>> = {}): void {
  console.log(JSON.stringify({ event, ...details }));
}

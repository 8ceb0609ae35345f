/** Where the caller of the function that calls this stands in the source, for messages about a registration. */
export function callSite(): string {
  const holder: { stack?: string } = {};
  Error.captureStackTrace(holder, callSite);
  const frame = holder.stack?.split('\n')[2]?.trim() ?? '';
  return frame.replace(/^at /, '') || 'unknown place';
}

export const AS_PID_1: readonly string[];
export function requireTool(
  word: 'chromium' | 'promtool' | 'script' | 'unshare' | 'postgres' | 'redis',
): string;

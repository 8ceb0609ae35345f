export const AS_PID_1: readonly string[];
export function requireTool(
  word:
    | 'chromium'
    | 'promtool'
    | 'haproxy'
    | 'nginx'
    | 'ps'
    | 'script'
    | 'unshare'
    | 'openssl'
    | 'tini'
    | 'dumbinit'
    | 'bun'
    | 'deno'
    | 'postgres'
    | 'redis'
    | 'rabbitmq'
    | 'nats'
    | 'mosquitto'
    | 'proc'
    | 'kafka',
): string;

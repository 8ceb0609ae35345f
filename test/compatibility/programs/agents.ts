import type { ProgramGroup, ProgramRow } from '../program-row.js';

const LOCK = 'test/package/consumers/apm-nest-12/package-lock.json';
const RECIPE = '[Sentry, Datadog, New Relic](tracing.md#sentry-datadog-new-relic)';
const ARRIVES = 'With the addition, what it has recorded of requests that end in the drain arrives.';
const TESTED: Pick<ProgramRow, 'specs'> = {
  specs: ['package/apm-nest-11.openssl.spec.ts', 'package/apm-nest-12.openssl.spec.ts'],
};

export const AGENTS: ProgramGroup = {
  title: 'Agents of observability services',
  programs: [
    {
      name: 'Sentry, `@sentry/node`',
      version: { package: '@sentry/node', lockedIn: LOCK },
      found: ARRIVES,
      write: `A participant that calls \`Sentry.close()\` in \`flush\`: ${RECIPE}.`,
      limits: '-',
      ...TESTED,
      proof: "'sentry'",
    },
    {
      name: 'Datadog, `dd-trace`',
      version: { package: 'dd-trace', lockedIn: LOCK },
      found: ARRIVES,
      write: `\`DD_TRACE_FLUSH_INTERVAL=0\`: ${RECIPE}.`,
      limits: 'Sending in `flush`: the tracer has no method for it, so each trace is sent when it ends.',
      ...TESTED,
      proof: "'datadog'",
    },
    {
      name: 'New Relic, `newrelic`',
      version: { package: 'newrelic', lockedIn: LOCK },
      found: ARRIVES,
      write: `A participant that calls \`newrelic.shutdown()\` in \`flush\`: ${RECIPE}.`,
      limits: '-',
      ...TESTED,
      proof: "'newrelic'",
    },
  ],
};

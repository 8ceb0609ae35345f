import type { ProgramGroup } from '../program-row.js';

const LOCK = 'test/runtimes/package-lock.json';

export const RUNTIMES: ProgramGroup = {
  title: 'Runtimes and init processes',
  programs: [
    {
      name: 'Bun',
      version: { package: 'bun', lockedIn: LOCK },
      found: 'Signals, requests, hooks, report, exit codes and the forced end, on Express and Fastify.',
      write: '`NestFactory.create(AppModule, new ExpressAdapter())`, which Nest itself needs on Bun.',
      limits:
        'The watchdog has neither exit code 70 nor a stack. Upgraded connections are not seen: [Bun and Deno](run-modes.md#bun-and-deno).',
      specs: ['process/runtimes.bun.spec.ts'],
      proof: "requireTool('bun')",
    },
    {
      name: 'Deno',
      version: { package: 'deno', lockedIn: LOCK },
      found: 'The same as on Bun.',
      write: "`watchdog: 'at-boot'`.",
      limits: 'The watchdog has neither exit code 70 nor a stack.',
      specs: ['process/runtimes.deno.spec.ts'],
      proof: "requireTool('deno')",
    },
    {
      name: 'tini',
      version: { from: "Debian's package" },
      found: 'The signals that it passes on. The exit code is that of the shutdown.',
      write: 'Nothing.',
      limits: '-',
      specs: ['process/run-modes.tini.spec.ts'],
      proof: "requireTool('tini')",
    },
    {
      name: 'dumb-init',
      version: { from: "Debian's package" },
      found:
        'The signals that it passes on to every process of the group. The exit code is that of the shutdown.',
      write: 'Nothing.',
      limits: '-',
      specs: ['process/run-modes.dumbinit.spec.ts'],
      proof: "requireTool('dumbinit')",
    },
  ],
};

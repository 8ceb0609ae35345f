import type { ProgramGroup } from '../program-row.js';

const LINK = '[Several instances behind a balancer](rehearsal.md#several-instances-behind-a-balancer)';

export const BALANCERS: ProgramGroup = {
  title: 'Load balancers',
  programs: [
    {
      name: 'HAProxy',
      version: { from: "Debian's package" },
      found: 'Its health checks on `/readyz` remove an instance that shuts down.',
      write: `Nothing in the application. ${LINK} rehearses it.`,
      limits: '-',
      specs: ['process/rehearse-fleet.haproxy.proc.spec.ts'],
      proof: "requireTool('haproxy')",
    },
    {
      name: 'nginx',
      version: { from: "Debian's package" },
      found: 'Nothing, because it has no health checks.',
      write: `An announce delay above the time until nginx is reloaded. ${LINK} rehearses it.`,
      limits: 'An instance that is removed still gets uploads that had begun before.',
      specs: ['process/rehearse-fleet.nginx.proc.spec.ts'],
      proof: "requireTool('nginx')",
    },
  ],
};

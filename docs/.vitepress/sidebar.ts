/** A page in the sidebar. */
export interface SidebarPage {
  readonly text: string;
  /** Path of the page in the site, without an ending. */
  readonly link: string;
}

/** A part of the documentation. */
export interface SidebarPart {
  readonly text: string;
  readonly collapsed: boolean;
  readonly items: SidebarPage[];
}

/** The parts of the documentation, with every guide. */
export const SIDEBAR: SidebarPart[] = [
  {
    text: 'Guides',
    collapsed: false,
    items: [
      { text: 'Getting started', link: '/project/readme' },
      { text: 'Features', link: '/features' },
      { text: 'A shutdown, step by step', link: '/shutdown' },
      { text: 'HTTP', link: '/http' },
      { text: 'Event streams', link: '/event-streams' },
      { text: 'WebSockets', link: '/websockets' },
      { text: 'Background tasks', link: '/background-tasks' },
      { text: 'Queue workers', link: '/queue-workers' },
      { text: 'Microservices', link: '/microservices' },
      { text: 'Resources', link: '/resources' },
      { text: 'Testing', link: '/testing' },
      { text: 'Programs without Nest', link: '/standalone' },
      { text: 'Migration', link: '/migration' },
      { text: 'Examples', link: '/examples' },
    ],
  },
  {
    text: 'Operations',
    collapsed: false,
    items: [
      { text: 'Budget planner', link: '/planner' },
      { text: 'Rehearsing a deploy', link: '/rehearsal' },
      { text: 'Kubernetes', link: '/kubernetes' },
      { text: 'Platforms', link: '/platforms' },
      { text: 'Clusters of processes', link: '/cluster' },
      { text: 'Run modes', link: '/run-modes' },
      { text: 'The report', link: '/report' },
      { text: 'Metrics', link: '/metrics' },
      { text: 'Tracing', link: '/tracing' },
      { text: 'Troubleshooting', link: '/troubleshooting' },
    ],
  },
  {
    text: 'Reference',
    collapsed: false,
    items: [
      { text: 'Options', link: '/options' },
      { text: 'API', link: '/api/' },
      { text: 'Exports', link: '/exports' },
      { text: 'Compatibility', link: '/compatibility' },
      { text: 'Faults', link: '/faults' },
      { text: 'Benchmarks', link: '/benchmarks' },
      { text: 'Decisions', link: '/decisions/' },
      { text: 'Changes', link: '/project/changelog' },
      { text: 'Contributing', link: '/project/contributing' },
      { text: 'Releasing', link: '/releasing' },
      { text: 'Security', link: '/project/security' },
    ],
  },
];

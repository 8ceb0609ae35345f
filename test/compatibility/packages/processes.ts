import type { PackageGroup } from '../package-row.js';

export const PROCESSES: PackageGroup = {
  title: 'Processes, signals and commands',
  packages: [
    {
      name: 'pm2',
      found:
        'Its signal and its message `shutdown`. In cluster mode a worker leaves the shared port when it shuts down.',
      write:
        "`kill_timeout`, `wait_ready` with `process.send('ready')`, and `listen_timeout`: [Clusters](cluster.md).",
      limits:
        'A reload without loss with `instances: 1` and no `wait_ready`, or in fork mode, where the port is closed in between.',
      recognisedBy: 'its message, and `cluster.isWorker` of Node',
      specs: ['process/pm2.spec.ts', 'process/pm2-fork.spec.ts'],
    },
    {
      name: 'nodemon',
      found: 'Its SIGUSR2: requests in flight finish before the next process starts.',
      write: 'Nothing.',
      limits: 'On Windows it ends the process without a signal.',
      recognisedBy: 'its signal, which is among those of `signals`',
      specs: ['process/run-modes.spec.ts'],
    },
    {
      name: 'tsx',
      found: 'The signals that it passes on, and the SIGTERM of `tsx watch`.',
      write: 'Nothing.',
      limits:
        'It emits no metadata of decorators, so Nest needs `@Inject()` for every class that is injected.',
      recognisedBy: 'its signals',
      specs: ['process/run-modes.spec.ts'],
    },
    {
      name: 'nest-commander',
      found: 'Running commands and subcommands are awaited, or named as cut.',
      write:
        '`CommandFactory.createWithoutRunning()`, `enableGracefulShutdown(app)` and `CommandFactory.runApplication(app)`.',
      limits: 'A drain with `CommandFactory.run()`, which returns no application.',
      recognisedBy: 'the methods of its commands and of its service',
      specs: ['process/commands.spec.ts'],
    },
    {
      name: 'exit-hook',
      found: 'A warning at boot. The report names it as the caller of `process.exit()`.',
      write: 'Move its work to a hook, and remove it.',
      limits: 'It exits when it is done, and interrupts the shutdown.',
      recognisedBy: 'its listener for SIGTERM',
      specs: ['process/other-listeners.spec.ts'],
    },
    {
      name: 'signal-exit',
      found: 'It leaves signals to the shutdown.',
      write: 'Nothing.',
      limits: '-',
      recognisedBy: 'its listener, which waits until it is the only one',
      specs: ['process/other-signals.spec.ts'],
    },
  ],
};

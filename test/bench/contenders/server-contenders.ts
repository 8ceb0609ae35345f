import { setTimeout as delay } from 'node:timers/promises';
import { DELAY_MS, DRAIN_MS, type Contender, type Setup } from './contender.js';
import { EVENTS_PATH, OrderStore, SLOWEST_MS } from './orders.js';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';

/** Packages for any server: each closes Nest where its README says that resources are closed. */
export const SERVER_CONTENDERS: readonly Contender[] = [
  {
    name: 'http-terminator',
    packageName: 'http-terminator',
    settings: `on SIGTERM \`terminate()\`, then \`app.close()\`; \`gracefulTerminationTimeout: ${DRAIN_MS}\`; no delay to set`,
    async start({ app, listen }) {
      const { createHttpTerminator } = await import('http-terminator');
      const terminator = createHttpTerminator({
        server: serverOf(app),
        gracefulTerminationTimeout: DRAIN_MS,
      });
      process.once('SIGTERM', () => void terminator.terminate().then(() => app.close()));
      await listen();
    },
  },
  {
    name: '@godaddy/terminus',
    packageName: '@godaddy/terminus',
    settings: `\`beforeShutdown\` waits ${DELAY_MS} ms; \`onSignal\` calls \`app.close()\`; \`timeout: ${DRAIN_MS}\`; \`useExit0\``,
    ready: { path: '/readyz' },
    async start({ app, listen }) {
      const { createTerminus } = await import('@godaddy/terminus');
      createTerminus(serverOf(app), {
        healthChecks: { '/readyz': () => Promise.resolve() },
        timeout: DRAIN_MS,
        useExit0: true,
        beforeShutdown: () => delay(DELAY_MS),
        onSignal: () => app.close(),
      });
      await listen();
    },
  },
  {
    name: 'lightship',
    packageName: 'lightship',
    settings:
      `asks for Node 22.13 or later; \`shutdownDelay: ${DELAY_MS}\`; a beacon for each request but event streams; a handler that calls \`app.close()\`; ` +
      `\`gracefulShutdownTimeout\` and \`shutdownHandlerTimeout\` ${DRAIN_MS}`,
    ready: { path: '/ready', hasOwnPort: true },
    async start({ app, listen, healthPort }) {
      const { createLightship } = await import('lightship');
      const lightship = await createLightship({
        detectKubernetes: false,
        port: healthPort,
        shutdownDelay: DELAY_MS,
        gracefulShutdownTimeout: DRAIN_MS,
        shutdownHandlerTimeout: DRAIN_MS,
      });
      lightship.registerShutdownHandler(() => app.close());
      serverOf(app).prependListener('request', ({ url }: IncomingMessage, response: ServerResponse) => {
        if (url === EVENTS_PATH) return;
        const beacon = lightship.createBeacon();
        response.once('close', () => void beacon.die());
      });
      await listen();
      lightship.signalReady();
    },
  },
  {
    name: 'http-graceful-shutdown',
    packageName: 'http-graceful-shutdown',
    settings: `\`preShutdown\` waits ${DELAY_MS} ms; \`onShutdown\` calls \`app.close()\`; \`timeout: ${DRAIN_MS}\``,
    async start({ app, listen }) {
      const { default: gracefulShutdown } = await import('http-graceful-shutdown');
      await listen();
      gracefulShutdown(serverOf(app), {
        timeout: DRAIN_MS,
        preShutdown: () => delay(DELAY_MS),
        onShutdown: () => app.close(),
      });
    },
  },
  {
    name: 'close-with-grace',
    packageName: 'close-with-grace',
    settings: `calls \`app.close()\`; \`delay: ${DRAIN_MS}\`, which is its time limit; no delay to set`,
    async start({ app, listen }) {
      const { default: closeWithGrace } = await import('close-with-grace');
      closeWithGrace({ delay: DRAIN_MS }, () => app.close());
      await listen();
    },
  },
  {
    name: '@gquittet/graceful-server',
    packageName: '@gquittet/graceful-server',
    settings:
      `\`kubernetes: true\`; \`timeout: ${DELAY_MS + SLOWEST_MS}\`, which has to cover the slowest request, too, because nothing else waits for ` +
      'requests; `closePromises` close the provider',
    ready: { path: '/ready' },
    async start({ app, listen }) {
      const { default: gracefulServer } = await import('@gquittet/graceful-server');
      const server = gracefulServer(serverOf(app), {
        kubernetes: true,
        timeout: DELAY_MS + SLOWEST_MS,
        closePromises: [async () => app.get(OrderStore).onModuleDestroy()],
      });
      await listen();
      server.setReady();
    },
  },
];

function serverOf(app: Setup['app']): Server {
  return app.getHttpServer() as Server;
}

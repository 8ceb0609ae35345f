import type { PackageGroup } from '../package-row.js';

export const NEST: PackageGroup = {
  title: 'Nest and its servers',
  packages: [
    {
      name: '@nestjs/core',
      includes: ['@nestjs/common', '@nestjs/testing', 'reflect-metadata'],
      found:
        'All hooks, of every instance. Applications, application contexts, testing modules; several in one process.',
      write: '`GracefulShutdownModule` among the imports, `enableGracefulShutdown(app)` in `main.ts`.',
      limits: 'A `@OnShutdown` method of a provider that is created per request is not called.',
      specs: [
        'e2e/nest-major.spec.ts',
        'e2e/nest/drain-first.spec.ts',
        'e2e/nest/same-calls-as-nest.spec.ts',
        'process/signals.spec.ts',
        'process/several-applications.spec.ts',
      ],
    },
    {
      name: '@nestjs/platform-express',
      includes: ['express', 'router'],
      found:
        'Requests, handlers, uploads, downloads and event streams, over HTTP/1.1 and TLS; servers made by hand over its instance; routers and mounted applications.',
      write: 'Nothing.',
      limits:
        'HTTP/2, which Express does not have. An application that was mounted in another one before that one was passed to `app.use()`.',
      recognisedBy: 'the type of the HTTP adapter, and the layers of its routers',
      specs: [
        'e2e/http/drain.spec.ts',
        'e2e/http/transfers.spec.ts',
        'e2e/http/running-handlers.spec.ts',
        'e2e/http/direct-handlers.spec.ts',
      ],
    },
    {
      name: 'express',
      installedAs: ['express-4'],
      found:
        'Version 4: handlers of its routers and applications, if they are mounted in an Express 5 application.',
      write: 'Nothing.',
      limits: 'An HTTP adapter over it, which Nest 11 and 12 do not support.',
      recognisedBy: 'the layers of its routers',
      specs: ['e2e/http/direct-handlers.spec.ts'],
    },
    {
      name: '@nestjs/platform-fastify',
      includes: ['fastify'],
      found:
        'The same as on Express, and HTTP/2, over TLS or without; each address that Fastify listens on; plugins and hooks.',
      write: 'Nothing.',
      limits:
        'A stream that is answered past Nest, by a listener for `stream` of the HTTP/2 server. Handlers of routes that Fastify had before `NestFactory.create()`.',
      recognisedBy: 'the type of the HTTP adapter',
      specs: [
        'e2e/http/drain.spec.ts',
        'e2e/http/http2.spec.ts',
        'e2e/http/further-servers.spec.ts',
        'e2e/http/direct-handlers.spec.ts',
      ],
    },
    {
      name: '@nestjs/config',
      found: 'Variables of an `.env` file that `ConfigModule.forRoot()` loads.',
      write: 'Nothing. It is a peer dependency and has to be installed.',
      limits: 'A file that the application does not load.',
      specs: ['e2e/config/environment.spec.ts'],
    },
    {
      name: '@nestjs/terminus',
      found: 'Its `gracefulShutdownTimeoutMs` is replaced by the announcement, with a line in the log.',
      write:
        '`ShutdownHealthIndicator` among the checks, or the path of the route in `health.readinessPaths`. It is a peer dependency and has to be installed.',
      limits: '-',
      recognisedBy: 'the names of its classes',
      specs: ['e2e/nest/terminus.spec.ts', 'e2e/health/shutdown-health-indicator.spec.ts'],
    },
    {
      name: 'rxjs',
      found:
        'Observables that handlers return are awaited like promises; those of `@Sse()` are event streams.',
      write: 'Nothing.',
      limits: '-',
      specs: ['e2e/nest/drain-first.spec.ts', 'e2e/sse/event-streams.spec.ts'],
    },
  ],
};

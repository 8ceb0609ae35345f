import type { PackageGroup } from '../package-row.js';

export const HTTP: PackageGroup = {
  title: 'Clients, CORS and streams',
  packages: [
    {
      name: 'cors',
      found:
        'Its headers are on late refusals; late preflights are answered. With `app.enableCors()` and `app.use()`.',
      write: "Nothing. `exposedHeaders: ['Retry-After']` if a page reads that header.",
      limits: 'In a `MiddlewareConsumer`, for one route, or with names that a bundler has shortened.',
      recognisedBy: 'the name of its function',
      specs: ['e2e/http/cors.spec.ts'],
    },
    {
      name: '@fastify/cors',
      found: 'The same, with `app.enableCors()` and `app.register()`.',
      write: 'Nothing.',
      limits: 'In an encapsulated context, by `getInstance().register()`, or in the options of a route.',
      recognisedBy: 'the name of its plugin',
      specs: ['e2e/http/cors.spec.ts'],
    },
    {
      name: 'openai',
      found: 'Completions that it streams finish, since they answer a POST. It repeats a late one by itself.',
      write: 'Nothing.',
      limits: 'More time than the drain has.',
      recognisedBy: 'the method of the request',
      specs: ['e2e/sse/real-clients.spec.ts'],
    },
    {
      name: '@modelcontextprotocol/sdk',
      found:
        'Streams that answer a POST finish; the one that answers a GET ends, and its client connects again.',
      write: 'Nothing. `eventStreams` sets another policy for a route that is mounted with `app.use()`.',
      limits: 'Sessions in memory do not move to the next instance.',
      recognisedBy: 'the method of the request',
      specs: ['e2e/sse/real-clients.spec.ts'],
    },
    {
      name: 'eventsource',
      found: 'Streams end with a `retry` of their own, and the clients connect again.',
      write: 'Nothing.',
      limits: '-',
      recognisedBy: 'the method of the request',
      specs: ['e2e/sse/real-clients.spec.ts'],
    },
  ],
};

import type { PackageGroup } from '../package-row.js';

export const WEB_SOCKETS: PackageGroup = {
  title: 'WebSockets and GraphQL',
  packages: [
    {
      name: '@nestjs/websockets',
      includes: ['@nestjs/platform-ws', 'ws'],
      found: 'Messages of gateways are answered, then clients get 1012, spread over `reconnectWindowMs`.',
      write: 'Nothing.',
      limits:
        'A browser does not connect again by itself. `handleDisconnect` of gateways that are created per request is not awaited.',
      recognisedBy: 'the methods of the WebSocket adapter',
      specs: ['e2e/websockets/ws.spec.ts', 'examples/chat.spec.ts'],
    },
    {
      name: '@nestjs/platform-socket.io',
      includes: ['socket.io', 'engine.io'],
      found: 'The same, with WebSockets and with long polling; clients connect again by themselves.',
      write: 'Nothing.',
      limits: 'Clients that poll a server which was attached by hand hold the drain until their poll ends.',
      recognisedBy: 'the methods of the WebSocket adapter',
      specs: ['e2e/websockets/socket-io.spec.ts', 'examples/chat.spec.ts'],
    },
    {
      name: 'ws',
      found: 'Servers without a gateway: their messages are answered first, then clients get 1012.',
      write: 'Nothing. Return a promise from the listener of `message`.',
      limits: 'What a listener that returns nothing does after its answer, or after 5 seconds without one.',
      recognisedBy: 'a private field of its sockets',
      specs: ['e2e/websockets/by-hand.spec.ts'],
    },
    {
      name: '@fastify/websocket',
      found: 'The same; sockets are named by the pattern of their route.',
      write: 'Nothing.',
      limits: '-',
      recognisedBy: 'as `ws`, which it uses',
      specs: ['e2e/websockets/fastify-websocket.spec.ts'],
    },
    {
      name: '@nestjs/graphql',
      includes: ['@nestjs/apollo', '@apollo/server', '@as-integrations/express5', 'graphql'],
      found: 'Queries and mutations are requests. Over WebSockets they finish, and subscriptions get 1012.',
      write: 'Nothing.',
      limits: '-',
      recognisedBy: 'the protocol of its sockets',
      specs: ['e2e/websockets/graphql.spec.ts'],
    },
    {
      name: 'graphql-ws',
      found: 'Operations in flight finish or are cut by their name. Its client connects again after 1012.',
      write: 'Nothing.',
      limits: 'It ends sockets without a pong after 12 to 24 seconds, also while a message is waited for.',
      recognisedBy: 'the protocol of its sockets',
      specs: ['e2e/websockets/graphql.spec.ts'],
    },
    {
      name: '@nestjs/mercurius',
      includes: ['mercurius'],
      found: 'The same as with graphql-ws.',
      write: 'Nothing.',
      limits: '-',
      recognisedBy: 'the protocol of its sockets',
      specs: ['e2e/websockets/graphql.spec.ts'],
    },
    {
      name: 'http-proxy-middleware',
      found:
        'A proxied WebSocket is a tunnel: waited for, closed with 1012 on both sides when idle, else cut.',
      write: 'Nothing. A participant, where you know better when it is done.',
      limits: 'What goes on inside a tunnel is not known.',
      recognisedBy: 'nothing of it is read',
      specs: ['e2e/websockets/tunnels.spec.ts'],
    },
  ],
};

import type { Probe } from '../../util/probe.js';

/** Metadata key of `@WebSocketGateway()`. */
export const GATEWAY = 'websockets:is_gateway';

export const ADAPTER_OF_GATEWAYS: Probe<boolean> = {
  name: 'ApplicationConfig.getIoAdapter()',
  package: '@nestjs/core',
  ifMissing: 'the messages and clients of gateways cannot be tracked, and may be lost',
  isPresent: (isAsked) => isAsked,
};

export const METHODS_OF_ADAPTER: Probe<object> = {
  name: 'WebSocketAdapter.create() and bindMessageHandlers()',
  package: '@nestjs/websockets',
  ifMissing: 'the messages and clients of gateways cannot be tracked, and may be lost',
  isPresent: (adapter) =>
    ['create', 'bindMessageHandlers'].every((name) => typeof Reflect.get(adapter, name) === 'function'),
};

export const GATEWAY_METADATA: Probe<readonly object[]> = {
  name: `the metadata ${GATEWAY}`,
  package: '@nestjs/websockets',
  ifMissing: 'handleConnection and handleDisconnect of gateways are not awaited',
  isPresent: (gateways) => gateways.length > 0,
};

export const HTTP_SERVER_ON_PORT: Probe<{ readonly adapter: object; readonly port: unknown }> = {
  name: 'WsAdapter.httpServersRegistry',
  package: '@nestjs/platform-ws',
  ifMissing: 'the HTTP server of a gateway with its own port accepts new clients until Nest closes it',
  isPresent: ({ adapter, port }) => {
    const registry: unknown = Reflect.get(adapter, 'httpServersRegistry');
    return registry instanceof Map && registry.has(port);
  },
};

/** All probes of gateways. */
export const GATEWAY_PROBES: readonly Probe[] = [
  ADAPTER_OF_GATEWAYS,
  METHODS_OF_ADAPTER,
  GATEWAY_METADATA,
  HTTP_SERVER_ON_PORT,
];

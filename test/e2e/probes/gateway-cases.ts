import { WsAdapter } from '@nestjs/platform-ws';
import * as gateways from '../../../src/nest/integrations/gateway-probes.js';
import * as probes from '../../../src/websockets/web-socket-probes.js';
import { onSocketIo, onWs } from './gateway-features.js';
import { hideSymbol } from '../../support/removal.js';
import { handing } from './handing.js';
import type { EventEmitter } from 'node:events';
import type { ProbeCase } from './probe-case.js';

const failing = 'WebSockets';

export const GATEWAY_CASES: readonly ProbeCase[] = [
  {
    probe: gateways.ADAPTER_OF_GATEWAYS,
    feature: onWs(),
    failing,
    remove: () => handing(gateways.ADAPTER_OF_GATEWAYS, false),
  },
  {
    probe: gateways.METHODS_OF_ADAPTER,
    feature: onWs(),
    failing,
    remove: () => handing(gateways.METHODS_OF_ADAPTER, {}),
  },
  {
    probe: gateways.GATEWAY_METADATA,
    feature: onWs(),
    failing,
    remove: () => handing(gateways.GATEWAY_METADATA, []),
  },
  {
    probe: gateways.HTTP_SERVER_ON_PORT,
    feature: onWs({ ownPort: true, path: '/chat' }),
    remove: () => handing(gateways.HTTP_SERVER_ON_PORT, { adapter: {}, port: 1 }),
  },
  { probe: probes.SERVER_OF_GATEWAY, feature: onWs({}, without('clients')), failing },
  { probe: probes.HTTP_SERVER_OF_WS, feature: onWs({ ownPort: true }, without('_server')) },
  { probe: probes.WEB_SOCKET_ON_SOCKET, feature: onWs({}, hideWebSockets) },
  {
    probe: probes.WEB_SOCKET_OF_TRANSPORT,
    feature: onSocketIo('websocket'),
    remove: () => handing(probes.WEB_SOCKET_OF_TRANSPORT, {}),
  },
  {
    probe: probes.REQUEST_OF_POLLING,
    feature: onSocketIo('polling'),
    failing,
    remove: () => handing(probes.REQUEST_OF_POLLING, {}),
  },
];

/** Has the servers of an adapter hide a property from everybody but themselves. */
function without(name: string): (adapter: WsAdapter) => void {
  const get = (target: object, key: PropertyKey): unknown => {
    const value = key === name ? undefined : (Reflect.get(target, key) as unknown);
    return typeof value === 'function' ? (value.bind(target) as unknown) : value;
  };
  return wrappingServers((server) => new Proxy(server, { get }));
}

/** Has `ws` note its WebSockets on their connections elsewhere. */
function hideWebSockets(adapter: WsAdapter): void {
  wrappingServers((server) =>
    (server as EventEmitter).on('connection', (webSocket: { readonly _socket: object }) =>
      hideSymbol(webSocket._socket, 'websocket'),
    ),
  )(adapter);
}

function wrappingServers(wrap: (server: object) => object): (adapter: WsAdapter) => void {
  return (adapter) => {
    Object.defineProperty(adapter, 'create', {
      value: (port: number, options: never): unknown =>
        wrap(WsAdapter.prototype.create.call(adapter, port, options) as object),
      configurable: true,
    });
  };
}

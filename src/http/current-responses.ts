import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';

/** Knows what the connections of a server are working on. */
export interface CurrentResponses {
  /** The oldest response on `socket` whose last byte is not with the kernel yet. */
  of(socket: Socket): ServerResponse | undefined;
  /** The last request on `socket` whose header has been read, if it may still be of interest. */
  latestRequest(socket: Socket): IncomingMessage | undefined;
  /** Whether `socket` has ever been given a request. */
  hasServed(socket: Socket): boolean;
  dispose(): void;
}

/** What Node keeps on a server's sockets: private, and the same on every version since 20. */
interface ServerSocket extends Socket {
  readonly _httpMessage?: ServerResponse | null;
  readonly parser?: { readonly incoming?: IncomingMessage | null } | null;
}

/** Reads it from the sockets on demand, which costs nothing before. */
export class SocketResponses implements CurrentResponses {
  of(socket: ServerSocket): ServerResponse | undefined {
    const response = socket._httpMessage ?? undefined;
    // Plugins of Fastify route a handshake like a request, with a response of their own making that never ends.
    return response && isOfUpgrade(response) ? undefined : response;
  }

  latestRequest(socket: ServerSocket): IncomingMessage | undefined {
    return socket.parser?.incoming ?? undefined;
  }

  hasServed(socket: ServerSocket): boolean {
    return socket._httpMessage !== undefined;
  }

  dispose(): void {}
}

/** Tells whether `responses` finds on a socket what Node put there. */
export function canBeRead(responses: CurrentResponses): boolean {
  const socket = new Socket();
  const response = new ServerResponse(new IncomingMessage(socket));
  response.assignSocket(socket);
  const found = responses.of(socket) === response;
  response.detachSocket(socket);
  return found && responses.of(socket) === undefined && responses.hasServed(socket);
}

function isOfUpgrade({ req: request }: ServerResponse): boolean {
  return (request as IncomingMessage & { readonly upgrade?: boolean | null }).upgrade === true;
}

/** Tells whether `socket` has left HTTP for another protocol. */
export function isUpgraded(socket: ServerSocket): boolean {
  return 'parser' in socket && !socket.parser;
}

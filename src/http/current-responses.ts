import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';

/** Finds the requests and responses in progress on the connections of a server. */
export interface CurrentResponses {
  /** Returns the oldest unfinished response on `socket`: the kernel does not have its last byte yet. */
  of(socket: Socket): ServerResponse | undefined;
  /** Returns the last request on `socket` whose header has been received; may be `undefined` if it is finished. */
  latestRequest(socket: Socket): IncomingMessage | undefined;
  /** Returns whether `socket` has ever carried a request. */
  hasServed(socket: Socket): boolean;
  dispose(): void;
}

/** Private properties of a server's socket; the same in every version of Node since 20. */
interface ServerSocket extends Socket {
  readonly _httpMessage?: ServerResponse | null;
  readonly parser?: { readonly incoming?: IncomingMessage | null } | null;
}

/** Reads the private properties of the sockets on demand, so there is no cost before a shutdown. */
export class SocketResponses implements CurrentResponses {
  of(socket: ServerSocket): ServerResponse | undefined {
    const response = socket._httpMessage ?? undefined;
    // Fastify plugins route a handshake like a request, with a response object of their own that never ends.
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

/** Returns whether `responses` finds the response that Node has assigned to a socket. */
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

/** Returns whether `socket` has been upgraded to another protocol. */
export function isUpgraded(socket: ServerSocket): boolean {
  return 'parser' in socket && !socket.parser;
}

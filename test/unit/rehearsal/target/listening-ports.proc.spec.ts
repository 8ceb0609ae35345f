import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { listeningAddresses } from '../../../../src/rehearsal/target/listening-ports.js';

describe('listeningAddresses', () => {
  it.each([
    ['127.0.0.1', '127.0.0.1'],
    ['0.0.0.0', '127.0.0.1'],
    ['127.0.0.2', '127.0.0.2'],
    ['::', '127.0.0.1'],
    ['::1', '[0:0:0:0:0:0:0:1]'],
    ['::ffff:127.0.0.1', '127.0.0.1'],
  ])('finds a server on %s at %s', async (address, host) => {
    const server: Server = createServer().listen(0, address);
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    try {
      expect(await listeningAddresses([process.pid])).toContainEqual({ host, port });
      expect(await listeningAddresses([1])).not.toContainEqual({ host, port });
    } finally {
      server.close();
    }
    expect(await listeningAddresses([process.pid])).not.toContainEqual({ host, port });
  });
});

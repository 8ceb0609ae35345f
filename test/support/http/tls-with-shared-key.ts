import type { ConnectionOptions, TlsOptions } from 'node:tls';

const psk = Buffer.from('0123456789abcdef');

/** TLS without certificates: both sides know the same key. */
export const serverTls: TlsOptions = { ciphers: 'PSK', pskCallback: () => psk };

/** The client's side of {@link serverTls}. */
export const clientTls: ConnectionOptions = {
  ciphers: 'PSK',
  pskCallback: () => ({ psk, identity: 'test' }),
  checkServerIdentity: () => undefined,
};

import dns from 'node:dns';

/**
 * Gives `localhost` two addresses, as it has on most machines, though not on all.
 *
 * @returns a function that undoes it
 */
export function giveLocalhostTwoAddresses(): () => void {
  const { lookup } = dns;
  const answer = (host: string, ...rest: unknown[]): void => {
    const callback = rest.at(-1) as (error: null, ...result: unknown[]) => void;
    const { all = false } = rest.length > 1 ? (rest[0] as dns.LookupOptions) : {};
    const addresses = host === 'localhost' ? ['127.0.0.1', '127.0.0.2'] : [host];
    if (all)
      callback(
        null,
        addresses.map((address) => ({ address, family: 4 })),
      );
    else callback(null, addresses[0], 4);
  };
  dns.lookup = answer as typeof dns.lookup;
  return () => void (dns.lookup = lookup);
}

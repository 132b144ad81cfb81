/** Which addresses may be asked on behalf of somebody outside: none of this machine or of the operator's own networks. */
import { lookup, type LookupAddress } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import type { WeirError } from '../wire/errors.ts';
import { networkTest } from './networks.ts';

/** IANA special-purpose registries (RFC 6890), and what carries IPv4 inside IPv6. */
const PRIVATE = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
  '::/96',
  '64:ff9b::/96',
  '64:ff9b:1::/48',
  '100::/64',
  '2001::/23',
  '2001:db8::/32',
  '2002::/16',
  'fc00::/7',
  'fe80::/10',
  'ff00::/8',
];

/** Whether an address may be asked. @param allowed private networks that may (addresses or CIDR) */
export function reachableTest(allowed: readonly string[]): (address: string) => boolean {
  const isBarred = networkTest(PRIVATE);
  const isExcepted = networkTest(allowed);
  return address => isIP(address.split('%')[0] ?? '') !== 0 && (isExcepted(address) || !isBarred(address));
}

/**
 * A `lookup` for sockets that gives only addresses that may be asked. What is checked is what is connected to: an answer of DNS
 * that changes between two questions helps nobody.
 * @param refusal what the socket fails with where a name has no other address
 */
export function guardedLookup(mayAsk: (address: string) => boolean, refusal: () => WeirError): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, found: LookupAddress[]) => {
      if (error !== null) {
        callback(error, [], 0);
        return;
      }
      const usable = found.filter(({ address }) => mayAsk(address));
      const [first] = usable;
      if (first === undefined) {
        callback(refusal(), [], 0);
        return;
      }
      if (options.all === true) callback(null, usable);
      else callback(null, first.address, first.family);
    });
  };
}

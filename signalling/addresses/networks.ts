import { BlockList, isIP } from 'node:net';

/** Whether an address is in one of the networks. @param networks addresses or CIDR, already checked */
export function networkTest(networks: readonly string[]): (address: string) => boolean {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', bits] = network.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  return address => {
    // Behind a proxy this is a header's text, so it may be anything. A zone ("%eth0") names a link, not the address.
    const [plain = ''] = address.split('%');
    const family = isIP(plain);
    if (family === 0) return false;
    return list.check(plain, family === 6 ? 'ipv6' : 'ipv4');
  };
}

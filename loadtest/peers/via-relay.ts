/** Descriptions of a focus for a peer that reaches it at another address only, such as that of a lossy relay. */

/** An address of UDP. */
export interface Address {
  host: string;
  port: number;
}

/** RFC 8839, 5.1: foundation, component, transport, priority, address, port. */
const CANDIDATE = /^a=candidate:(\S+) (\d+) (\S+) (\d+) (\S+) (\d+) (.*)$/;

/** Where a description says that the focus listens, of several UDP candidates the first; undefined without one. */
export function candidateOf(sdp: string): Address | undefined {
  for (const line of sdp.split(/\r?\n/)) {
    const [, , , transport = '', , host = '', port = ''] = CANDIDATE.exec(line) ?? [];
    if (transport.toLowerCase() === 'udp') return { host, port: Number(port) };
  }
  return undefined;
}

/** The same description with one candidate in each section that has any: the relay. */
export function viaRelay(sdp: string, relay: Address): string {
  const sections = sdp.split(/^(?=m=)/m);
  return sections.map(section => withOneCandidate(section, relay)).join('');
}

function withOneCandidate(section: string, { host, port }: Address): string {
  let replaced = false;
  return section
    .split(/(?<=\n)/)
    .flatMap(line => {
      const [, foundation, component, transport = '', priority, , , rest] = CANDIDATE.exec(line.trimEnd()) ?? [];
      if (foundation === undefined) return line;
      if (replaced || transport.toLowerCase() !== 'udp') return [];
      replaced = true;
      return `a=candidate:${foundation} ${component} ${transport} ${priority} ${host} ${port} ${rest}\r\n`;
    })
    .join('');
}

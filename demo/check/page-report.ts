/** What one page of the call tells of its media. */
export interface PageReport {
  kind: 'report';
  state: string;
  problem: string | undefined;
  /** Peer connections that the page holds. */
  connections: number;
  /** Simulcast layers sent, by rid, with the frames encoded so far. */
  sentVideo: { rid: string; frames: number; mid: string; codec: string; scalabilityMode: string }[];
  sentAudioPackets: number;
  received: ReceivedStream[];
  /** Addresses of the focus that media flows to. */
  remoteAddresses: string[];
  /** How media goes, one for each transport: as ICE selected it. */
  paths: SelectedPath[];
}

export interface ReceivedStream {
  userId: string;
  purpose: string;
  streamId: string;
  videoTrackId: string | undefined;
  frames: number;
  width: number;
  /** `video/VP8`… */
  codec: string;
  audioPackets: number;
  /** Grows while there is sound in it (`totalAudioEnergy`). */
  audioEnergy: number;
  /** What the page says that it cannot show. */
  undecodable: string | undefined;
  /** All that stands on its tile. */
  tile: string;
}

/**
 * Our end: `host`, `relay`…; `udp` or `tcp`; and between us and a relay `udp`, `tcp` or `tls`. The focus's end: where it is.
 * Chromium says `prflx` of its end of TCP: it connects from a port that no candidate named.
 */
export interface SelectedPath {
  type: string;
  protocol: string;
  relayProtocol: string;
  remoteAddress: string;
  remotePort: number;
}

interface Inspection {
  state(): string;
  problem(): string | undefined;
  peerConnections(): RTCPeerConnection[];
  participants(): {
    userId: string;
    purpose: string;
    streamId: string;
    videoTrackId: string | undefined;
    audioMid: string | undefined;
    videoMid: string | undefined;
    undecodable: string | undefined;
    tile: Element | undefined;
  }[];
}

/** Runs in the page. */
export async function readReport(): Promise<PageReport> {
  // The page's own object, of which other checks declare other parts.
  const weir = Reflect.get(globalThis, 'weir') as Inspection;
  const connections = weir.peerConnections();
  const text = (stat: object, key: string): string => String(Reflect.get(stat, key) ?? '');
  const count = (stat: object, key: string): number => Number(Reflect.get(stat, key) ?? 0);
  const stats: object[] = [];
  for (const connection of connections)
    for (const stat of (await connection.getStats()).values()) stats.push(stat as object);
  const ofType = (type: string): object[] => stats.filter(stat => text(stat, 'type') === type);
  const byId = (id: string): object => stats.find(stat => text(stat, 'id') === id) ?? {};
  const codecOf = (stat: object): string => text(byId(text(stat, 'codecId')), 'mimeType');
  const inbound = (mid: string | undefined): object | undefined =>
    ofType('inbound-rtp').find(stat => mid !== undefined && text(stat, 'mid') === mid);
  return {
    kind: 'report',
    state: weir.state(),
    problem: weir.problem(),
    connections: connections.length,
    sentVideo: ofType('outbound-rtp')
      .filter(stat => text(stat, 'kind') === 'video')
      .map(stat => ({
        rid: text(stat, 'rid'),
        frames: count(stat, 'framesEncoded'),
        mid: text(stat, 'mid'),
        codec: codecOf(stat),
        scalabilityMode: text(stat, 'scalabilityMode'),
      })),
    sentAudioPackets: ofType('outbound-rtp')
      .filter(stat => text(stat, 'kind') === 'audio')
      .reduce((sum, stat) => sum + count(stat, 'packetsSent'), 0),
    received: weir.participants().map(({ audioMid, videoMid, tile, ...participant }) => {
      const video = inbound(videoMid) ?? {};
      const audio = inbound(audioMid) ?? {};
      return {
        userId: participant.userId,
        purpose: participant.purpose,
        streamId: participant.streamId,
        videoTrackId: participant.videoTrackId,
        undecodable: participant.undecodable,
        tile: tile?.textContent ?? '',
        codec: codecOf(video),
        frames: count(video, 'framesDecoded'),
        width: count(video, 'frameWidth'),
        audioPackets: count(audio, 'packetsReceived'),
        audioEnergy: count(audio, 'totalAudioEnergy'),
      };
    }),
    remoteAddresses: [...new Set(ofType('remote-candidate').map(stat => text(stat, 'address') || text(stat, 'ip')))],
    paths: ofType('transport').map(transport => {
      const pair = byId(text(transport, 'selectedCandidatePairId'));
      const [local, remote] = [byId(text(pair, 'localCandidateId')), byId(text(pair, 'remoteCandidateId'))];
      return {
        type: text(local, 'candidateType'),
        protocol: text(local, 'protocol'),
        relayProtocol: text(local, 'relayProtocol'),
        remoteAddress: text(remote, 'address'),
        remotePort: count(remote, 'port'),
      };
    }),
  };
}

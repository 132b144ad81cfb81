/** What one page of the call tells of its media. */
export interface FarReport {
  kind: 'report';
  state: string;
  problem: string | undefined;
  /** Peer connections that the page holds. */
  connections: number;
  /** Simulcast layers sent, by rid, with the frames encoded so far. */
  sentVideo: { rid: string; frames: number; mid: string }[];
  sentAudioPackets: number;
  received: { userId: string; purpose: string; frames: number; width: number; audioPackets: number }[];
  /** Addresses of the focus that media flows to. */
  remoteAddresses: string[];
}

interface Inspection {
  state(): string;
  problem(): string | undefined;
  peerConnections(): RTCPeerConnection[];
  participants(): { userId: string; purpose: string; audioMid: string | undefined; videoMid: string | undefined }[];
}

/** Runs in the page. */
export async function readReport(): Promise<FarReport> {
  // The page's own object, of which other checks declare other parts.
  const weir = Reflect.get(globalThis, 'weir') as Inspection;
  const connections = weir.peerConnections();
  const text = (stat: object, key: string): string => String(Reflect.get(stat, key) ?? '');
  const count = (stat: object, key: string): number => Number(Reflect.get(stat, key) ?? 0);
  const stats: object[] = [];
  for (const connection of connections)
    for (const stat of (await connection.getStats()).values()) stats.push(stat as object);
  const ofType = (type: string): object[] => stats.filter(stat => text(stat, 'type') === type);
  const inbound = (mid: string | undefined): object | undefined =>
    ofType('inbound-rtp').find(stat => mid !== undefined && text(stat, 'mid') === mid);
  return {
    kind: 'report',
    state: weir.state(),
    problem: weir.problem(),
    connections: connections.length,
    sentVideo: ofType('outbound-rtp')
      .filter(stat => text(stat, 'kind') === 'video')
      .map(stat => ({ rid: text(stat, 'rid'), frames: count(stat, 'framesEncoded'), mid: text(stat, 'mid') })),
    sentAudioPackets: ofType('outbound-rtp')
      .filter(stat => text(stat, 'kind') === 'audio')
      .reduce((sum, stat) => sum + count(stat, 'packetsSent'), 0),
    received: weir.participants().map(({ userId, purpose, audioMid, videoMid }) => {
      const video = inbound(videoMid) ?? {};
      const audio = inbound(audioMid) ?? {};
      return {
        userId,
        purpose,
        frames: count(video, 'framesDecoded'),
        width: count(video, 'frameWidth'),
        audioPackets: count(audio, 'packetsReceived'),
      };
    }),
    remoteAddresses: [...new Set(ofType('remote-candidate').map(stat => text(stat, 'address') || text(stat, 'ip')))],
  };
}

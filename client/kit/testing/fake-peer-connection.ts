/** Stand-ins for the browser's WebRTC, enough for the session logic: no media, no network. */

let made = 0;

export class FakeDataChannel extends EventTarget {
  readyState: RTCDataChannelState = 'connecting';
  readonly sent: string[] = [];
  readonly label: string;

  constructor(label: string) {
    super();
    this.label = label;
  }

  send(text: string): void {
    this.sent.push(text);
  }

  /** The channel opens. */
  fakeOpen(): void {
    this.readyState = 'open';
    this.dispatchEvent(new Event('open'));
  }

  /** The focus says something. */
  fakeMessage(type: string, content: object): void {
    this.dispatchEvent(new MessageEvent('message', { data: JSON.stringify({ type, content }) }));
  }

  /** Types of all that was sent. */
  get types(): string[] {
    return this.sent.map(text => String(Reflect.get(JSON.parse(text) as object, 'type')));
  }
}

class FakeSender {
  track: MediaStreamTrack | null = null;
  async replaceTrack(track: MediaStreamTrack | null): Promise<void> {
    this.track = track;
  }
  getParameters(): { encodings: [] } {
    return { encodings: [] };
  }
}

interface FakeTransceiver {
  mid: string | null;
  kind: string;
  direction: string;
  sender: FakeSender;
  receiver: { track: { kind: string } };
  ids: string;
}

export class FakePeerConnection extends EventTarget {
  /** All that were made, oldest first. */
  static made: FakePeerConnection[] = [];
  static async generateCertificate(): Promise<undefined> {
    return undefined;
  }

  readonly channels: FakeDataChannel[] = [];
  readonly transceivers: FakeTransceiver[] = [];
  readonly remotes: string[] = [];
  signalingState: RTCSignalingState = 'stable';
  connectionState: RTCPeerConnectionState = 'new';
  iceGatheringState: RTCIceGatheringState = 'new';
  localDescription: { type: 'offer' | 'answer'; sdp: string } | null = null;
  iceRestarts = 0;

  constructor() {
    super();
    FakePeerConnection.made.push(this);
  }

  static get latest(): FakePeerConnection {
    const latest = FakePeerConnection.made.at(-1);
    if (latest === undefined) throw new Error('no connection was made');
    return latest;
  }

  get channel(): FakeDataChannel {
    const [channel] = this.channels;
    if (channel === undefined) throw new Error('no channel was made');
    return channel;
  }

  createDataChannel(label: string): FakeDataChannel {
    const channel = new FakeDataChannel(label);
    this.channels.push(channel);
    return channel;
  }

  addTransceiver(trackOrKind: string | { kind: string }, init: { direction: string }): FakeTransceiver {
    made += 1;
    const kind = typeof trackOrKind === 'string' ? trackOrKind : trackOrKind.kind;
    const transceiver = {
      mid: null,
      kind,
      direction: init.direction,
      sender: new FakeSender(),
      receiver: { track: { kind } },
      ids: `stream-${made} track-${made}`,
    };
    this.transceivers.push(transceiver);
    return transceiver;
  }

  getTransceivers(): FakeTransceiver[] {
    return this.transceivers;
  }

  async setLocalDescription(): Promise<void> {
    const type = this.signalingState === 'have-remote-offer' ? 'answer' : 'offer';
    for (const [index, transceiver] of this.transceivers.entries()) transceiver.mid ??= String(index);
    const sections = this.transceivers.map(
      ({ mid, kind, direction, ids }) => `m=${kind} 9 X 1\r\na=mid:${mid}\r\na=${direction}\r\na=msid:${ids}\r\n`,
    );
    this.localDescription = { type, sdp: `v=0\r\n${sections.join('')}` };
    this.signalingState = type === 'offer' ? 'have-local-offer' : 'stable';
  }

  async setRemoteDescription(description: { type: string; sdp: string }): Promise<void> {
    if (description.sdp === 'garbage') throw new Error('cannot be parsed');
    this.remotes.push(description.sdp);
    this.signalingState = description.type === 'offer' ? 'have-remote-offer' : 'stable';
  }

  async addIceCandidate(): Promise<void> {}

  restartIce(): void {
    this.iceRestarts += 1;
  }

  close(): void {
    this.signalingState = 'closed';
  }

  fakeState(state: RTCPeerConnectionState): void {
    this.connectionState = state;
    this.dispatchEvent(new Event('connectionstatechange'));
  }
}

export class FakeMediaStream {}

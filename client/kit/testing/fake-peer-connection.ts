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

  close(): void {
    this.readyState = 'closed';
    this.dispatchEvent(new Event('close'));
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

/** Takes parameters only where they were read since the last change, as browsers do. */
export class FakeSender {
  track: MediaStreamTrack | null = null;
  encodings: RTCRtpEncodingParameters[];
  /** How many of the next changes fail. */
  refusals = 0;
  /** Changes under way, now and at most. */
  running = 0;
  mostRunning = 0;
  #transaction = 0;

  constructor(encodings: RTCRtpEncodingParameters[] = []) {
    this.encodings = encodings;
  }

  async replaceTrack(track: MediaStreamTrack | null): Promise<void> {
    this.track = track;
  }

  getParameters(): RTCRtpSendParameters {
    this.#transaction += 1;
    return {
      transactionId: String(this.#transaction),
      codecs: [],
      headerExtensions: [],
      rtcp: {},
      encodings: structuredClone(this.encodings),
    };
  }

  async setParameters({ transactionId, encodings }: RTCRtpSendParameters): Promise<void> {
    if (transactionId !== String(this.#transaction)) throw new Error('stale parameters');
    this.running += 1;
    this.mostRunning = Math.max(this.mostRunning, this.running);
    await Promise.resolve();
    this.running -= 1;
    if (this.refusals > 0) {
      this.refusals -= 1;
      throw new Error('refused');
    }
    this.encodings = encodings;
  }

  /** What is sent, by rid. */
  get active(): Record<string, boolean> {
    return Object.fromEntries(this.encodings.map(({ rid = '', active = true }) => [rid, active]));
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
  /** Nothing comes in any more; the browser has not noticed. */
  isDeaf = false;
  #received = 0;
  /** It takes no description but its own. */
  insists = false;

  configuration: RTCConfiguration;

  constructor(configuration: RTCConfiguration = {}) {
    super();
    this.configuration = configuration;
    FakePeerConnection.made.push(this);
  }

  getConfiguration(): RTCConfiguration {
    return this.configuration;
  }

  setConfiguration(configuration: RTCConfiguration): void {
    this.configuration = configuration;
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

  addTransceiver(
    trackOrKind: string | { kind: string },
    init: { direction: string; sendEncodings?: RTCRtpEncodingParameters[] },
  ): FakeTransceiver {
    made += 1;
    const kind = typeof trackOrKind === 'string' ? trackOrKind : trackOrKind.kind;
    const transceiver = {
      mid: null,
      kind,
      direction: init.direction,
      sender: new FakeSender(init.sendEncodings),
      receiver: { track: { kind } },
      ids: `stream-${made} track-${made}`,
    };
    this.transceivers.push(transceiver);
    return transceiver;
  }

  getTransceivers(): FakeTransceiver[] {
    return this.transceivers;
  }

  async createOffer(): Promise<RTCSessionDescriptionInit> {
    return { type: 'offer', sdp: this.#sdp() };
  }

  async createAnswer(): Promise<RTCSessionDescriptionInit> {
    return { type: 'answer', sdp: this.#sdp() };
  }

  async setLocalDescription(description?: RTCLocalSessionDescriptionInit): Promise<void> {
    if (this.signalingState === 'closed') throw new Error('it is closed');
    if (description !== undefined && this.insists) throw new Error('these are not the words that were made');
    const type = this.signalingState === 'have-remote-offer' ? 'answer' : 'offer';
    this.localDescription = { type, sdp: description?.sdp ?? this.#sdp() };
    this.signalingState = type === 'offer' ? 'have-local-offer' : 'stable';
  }

  #sdp(): string {
    for (const [index, transceiver] of this.transceivers.entries()) transceiver.mid ??= String(index);
    const sections = this.transceivers.map(({ mid, kind, direction, ids }) => {
      const codec = kind === 'audio' ? 'a=rtpmap:111 opus/48000/2\r\n' : '';
      return `m=${kind} 9 X 1\r\na=mid:${mid}\r\na=${direction}\r\na=msid:${ids}\r\n${codec}`;
    });
    return `v=0\r\na=ice-ufrag:restart${this.iceRestarts}\r\n${sections.join('')}`;
  }

  async setRemoteDescription(description: { type: string; sdp: string }): Promise<void> {
    if (description.sdp === 'garbage') throw new Error('cannot be parsed');
    this.remotes.push(description.sdp);
    this.signalingState = description.type === 'offer' ? 'have-remote-offer' : 'stable';
  }

  async addIceCandidate(): Promise<void> {}

  /** Statistics of one pair that hears something all the time, unless it is `isDeaf`. */
  async getStats(): Promise<Map<string, unknown>> {
    if (!this.isDeaf) this.#received += 100;
    return new Map([
      [
        'pair',
        { type: 'candidate-pair', id: 'pair', nominated: true, bytesReceived: this.#received, responsesReceived: 1 },
      ],
    ]);
  }

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

export class FakeMediaStream {
  readonly #tracks = new Set<unknown>();

  getTracks(): unknown[] {
    return [...this.#tracks];
  }

  addTrack(track: unknown): void {
    this.#tracks.add(track);
  }

  removeTrack(track: unknown): void {
    this.#tracks.delete(track);
  }
}

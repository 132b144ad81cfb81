import { randomBytes } from 'node:crypto';
import { type ControlMessage, type WantedTrack, writeControl } from '../../signalling/wire/control.ts';
import type { StreamMetadata } from '../../signalling/wire/stream-metadata.ts';
import {
  type CallAddress,
  hangupEvent,
  inviteEvent,
  memberContent,
  negotiateEvent,
  selectAnswerEvent,
} from './client-messages.ts';
import { DatachannelEndpoint } from './datachannel-endpoint.ts';
import type { Endpoint, EndpointEvents, TrackIds } from './endpoint.ts';
import { FromFocus } from './from-focus.ts';
import { HomeserverLink } from './homeserver-link.ts';
import { LayerSwitches } from './layer-switches.ts';
import type { LightPeerOptions } from './light-peer-options.ts';
import { Negotiation, type OfferHabit } from './negotiation.ts';
import { Published } from './published.ts';
import { type Hangup, nothingSeen, ReceivedPackets } from './seen.ts';
import type { SignallingLink } from './signalling-link.ts';
import { type ChooseTracks, type Subscribe, Subscriptions } from './subscriptions.ts';

export type { LightPeerOptions } from './light-peer-options.ts';

/**
 * A participant that speaks MSC3401 + MSC3898: joins, publishes a camera and a microphone, subscribes to all that the others
 * publish, counts what arrives.
 */
export class LightPeer {
  readonly options: LightPeerOptions;
  readonly call: CallAddress;
  readonly seen = nothingSeen();
  answersPings = true;
  /** Sends its invite twice, as a homeserver may deliver it. */
  repeatsInvite = false;
  /** Subscribes by itself to whatever the metadata names. */
  subscribesToAll: boolean;
  /** Of the others, as the focus told it last. */
  metadata: StreamMetadata = {};
  hangup: Hangup | undefined;
  /** Time of joining, on the monotonic clock in ms. */
  invitedAt = 0;
  readonly #endpoint: Endpoint;
  readonly #link: SignallingLink;
  readonly #fromFocus: FromFocus;
  readonly #layers: LayerSwitches;
  readonly #negotiation: Negotiation;
  readonly #published: Published;
  readonly #subscriptions: Subscriptions;
  readonly #received = new ReceivedPackets();
  #controlOpen = false;
  #closed = false;

  constructor(options: LightPeerOptions) {
    const { endpoint, media, bindAddress, subscribe = 'all', rewriteCandidates = sdp => sdp } = options;
    this.options = options;
    this.call = {
      userId: options.user.userId,
      deviceId: options.user.deviceId,
      sessionId: randomBytes(5).toString('hex'),
      callId: `${Date.now()}${randomBytes(8).toString('hex')}`,
      confId: options.room.confId,
      focus: options.focus,
    };
    this.subscribesToAll = subscribe !== 'nothing';
    this.#link = options.link ?? new HomeserverLink(options.baseUrl, options.user);
    const events: EndpointEvents = {
      control: text => {
        this.#fromFocus.control(text);
      },
      controlOpen: () => {
        this.#controlOpen = true;
        this.#subscribe();
      },
      controlClosed: () => {
        this.#controlOpen = false;
      },
      packet: (track, count) => {
        this.#received.count(track, count);
      },
    };
    const own = { ...(media === undefined ? {} : { media }), ...(bindAddress === undefined ? {} : { bindAddress }) };
    this.#endpoint = endpoint === undefined ? new DatachannelEndpoint(events, own) : endpoint(events);
    this.#layers = new LayerSwitches(this.#endpoint, options.obeysLayersWanted === true);
    this.#subscriptions = new Subscriptions(subscribe, message => this.#say(message));
    this.#negotiation = new Negotiation(
      {
        seen: this.seen,
        sayAnswer: sdp => {
          this.#say({ kind: 'negotiate', description: { type: 'answer', sdp }, metadata: this.#published.metadata });
        },
        collide: () => this.shareScreen(),
        complain: error => {
          if (!this.#closed) this.seen.unreadable.push(error instanceof Error ? error.message : String(error));
        },
      },
      this.#endpoint,
      rewriteCandidates,
    );
    this.#fromFocus = new FromFocus(this.call, this.seen, {
      invited: (sdp, metadata) => {
        this.metadata = metadata;
        const select = selectAnswerEvent(this.call);
        this.#negotiation.onAnswer(sdp, () => this.tellFocus(select.type, select.content));
      },
      negotiated: (description, metadata) => {
        if (metadata !== undefined) this.metadata = metadata;
        this.#negotiation.onDescription(description);
        this.#subscribe();
      },
      streamsChanged: after => {
        this.metadata = after(this.metadata);
        this.#subscribe();
      },
      layersWanted: tracks => {
        this.#layers.want(tracks);
      },
      granted: tracks => {
        options.onGrants?.(tracks);
      },
      pinged: () => {
        if (this.answersPings) this.#say({ kind: 'pong' });
      },
      hungUp: hangup => {
        this.hangup = hangup;
      },
    });
    this.#published = new Published(this.call, this.#endpoint);
    this.#published.sayEncryption(options.encryption);
    if (options.viewsOnly !== true) this.#published.own(options.publishes);
  }

  /** Hears what its device is told from now on, without joining. */
  listen(): Promise<void> {
    return this.#link.open({
      toDevice: event => {
        if (!this.#closed) this.#fromFocus.toDevice(event);
      },
      control: text => {
        if (!this.#closed) this.#fromFocus.control(text);
      },
    });
  }

  /** Sends the invite; resolves when the homeserver has it. */
  async join(): Promise<this> {
    const { room } = this.options;
    const [sdp] = await Promise.all([
      this.#endpoint.offer(),
      this.listen(),
      this.options.unlisted
        ? undefined
        : this.#link.sendState(
            room.roomId,
            'org.matrix.msc3401.call.member',
            this.call.userId,
            memberContent(this.call, Date.now()),
          ),
    ]);
    this.invitedAt = performance.now();
    const roomId = this.options.namesRoom ? room.roomId : undefined;
    const invite = inviteEvent(this.call, sdp, this.#published.metadata, roomId);
    await this.tellFocus(invite.type, invite.content);
    if (this.repeatsInvite) await this.tellFocus(invite.type, invite.content);
    return this;
  }

  /** Hangs up and goes. */
  async leave(): Promise<void> {
    if (this.#closed) return;
    const { type, content } = hangupEvent(this.call);
    await this.tellFocus(type, content);
    await this.vanish();
  }

  /** Goes without a word. */
  async vanish(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#negotiation.close();
    this.#endpoint.close();
    await this.#link.close();
  }

  /** Any to-device message, right or wrong. */
  tellFocus(type: string, content: unknown): Promise<void> {
    const { focus } = this.call;
    return this.#link.sendToDevice(focus.userId, focus.deviceId, type, content);
  }

  /** Any control message, right or wrong. False where the channel is not open. */
  sayOnControl(text: string): boolean {
    return this.#link.sendControl(text) || this.#endpoint.sendControl(text);
  }

  /** Subscribes to exactly these tracks beside what it is subscribed to. */
  subscribe(tracks: readonly (TrackIds & { width?: number; height?: number })[]): boolean {
    return this.#say({ kind: 'subscription', subscribe: [...tracks], unsubscribe: [] });
  }

  /** Asks for the data channels of these labels. False where the control channel is not open. */
  subscribeData(labels: readonly string[]): boolean {
    return this.#say({ kind: 'data_subscription', labels: [...labels] });
  }

  unsubscribe(tracks: readonly TrackIds[]): boolean {
    return this.#say({ kind: 'subscription', subscribe: [], unsubscribe: [...tracks] });
  }

  /** Subscribes to all tracks by itself from now on, in another size, or stops doing so. */
  subscribeTo(wanted: Subscribe | ChooseTracks): void {
    this.subscribesToAll = wanted !== 'nothing';
    this.#subscriptions.want(wanted);
    this.#subscribe();
  }

  /** Tracks that it has subscribed to by itself. */
  askedFor(): readonly WantedTrack[] {
    return this.#subscriptions.asked;
  }

  /** Which layers of a track of its own it sends, lowest first. */
  setLayers(track: TrackIds, active: readonly boolean[]): void {
    this.#layers.offer(track, active);
  }

  /** Which layers of a track of its own flow, lowest first; empty before anything was said of them. */
  layersOf(track: TrackIds): readonly boolean[] {
    return this.#layers.of(track);
  }

  /**
   * Tells the focus which layers of a track of its own it can send, lowest first (`org.weir.layers_available`). One that goes is sent until the
   * focus wants it no more, where the peer obeys. False where the control channel is not open.
   */
  announceLayers({ streamId, trackId }: TrackIds, available: readonly boolean[]): boolean {
    const layers = available.map(active => ({ active }));
    return this.#say({ kind: 'layers_available', tracks: [{ streamId, trackId, layers }] });
  }

  /** Mutes its camera or microphone, and says so. */
  setMuted(kind: 'audio' | 'video', muted: boolean): void {
    this.#published.setMuted(kind, muted);
    this.#say({ kind: 'metadata_changed', metadata: this.#published.metadata });
  }

  /** Says of its streams that they are encrypted, in the frame format of this name, or that they are not. */
  sayEncryption(format: string | undefined): void {
    this.#published.sayEncryption(format);
    this.#say({ kind: 'metadata_changed', metadata: this.#published.metadata });
  }

  /** Offers one more video track, as a screen share does. */
  async shareScreen(way: 'control' | 'to-device' = 'control'): Promise<string> {
    let streamId = '';
    await this.#negotiation.next(async () => {
      streamId = this.#published.screen();
      await this.#offer(way);
    });
    return streamId;
  }

  get offerHabit(): OfferHabit {
    return this.#negotiation.habit;
  }

  set offerHabit(habit: OfferHabit) {
    this.#negotiation.habit = habit;
  }

  get sessionId(): string {
    return this.call.sessionId;
  }

  /** Of its camera and microphone. */
  get streamId(): string {
    return this.#published.streamId;
  }

  isConnected(): boolean {
    return this.#endpoint.isConnected();
  }

  hasControl(): boolean {
    return this.#controlOpen;
  }

  /** What it publishes. */
  tracks(): TrackIds[] {
    return this.#published.tracks();
  }

  /** RTP packets of a track that arrived. */
  received(track: TrackIds): number {
    return this.#received.of(track);
  }

  receivedInAll(): number {
    return this.#received.inAll();
  }

  /** Time of the last RTP packet, on the monotonic clock in ms. */
  get lastPacketAt(): number {
    return this.#received.lastAt;
  }

  /** Forgets what it has counted. */
  resetCounts(): void {
    this.#received.forget();
  }

  /** Whether it has been told of a peer's streams. */
  sees(other: LightPeer): boolean {
    return Object.hasOwn(this.metadata, other.streamId);
  }

  /** Tracks of the others of which nothing has arrived. */
  missing(others: readonly LightPeer[]): TrackIds[] {
    return others
      .filter(other => other !== this)
      .flatMap(other => other.tracks())
      .filter(track => this.received(track) === 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.vanish();
  }

  async #offer(way: 'control' | 'to-device'): Promise<void> {
    const sdp = await this.#endpoint.offer();
    const description = { type: 'offer' as const, sdp };
    const { metadata } = this.#published;
    if (way === 'control') this.#say({ kind: 'negotiate', description, metadata });
    else {
      const { type, content } = negotiateEvent(this.call, description, metadata);
      await this.tellFocus(type, content);
    }
  }

  #subscribe(): void {
    if (!this.subscribesToAll) return;
    this.#subscriptions.update(this.metadata, this.options.onGrants === undefined ? [] : ['allocation']);
  }

  #say(message: ControlMessage): boolean {
    return this.sayOnControl(writeControl(message));
  }
}

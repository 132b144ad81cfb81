/** One stay of this device in a conference: one peer connection, one call with the focus. It never comes back: a new one does. */
import { CandidateBatch } from './candidate-batch.ts';
import type { Capture } from './capture.ts';
import { ControlChannel } from './control-channel.ts';
import { type CallAddress, FocusLink, type SendToDevice } from './focus-link.ts';
import type { ToDeviceMessage } from './homeserver-answers.ts';
import type { Mark } from './marks.ts';
import type { MediaPreferences } from './media-preferences.ts';
import { Negotiation } from './negotiation.ts';
import { Others } from './others.ts';
import { OwnLayers } from './own-layers.ts';
import { OwnStreams } from './own-streams.ts';
import { PathWatch } from './path-watch.ts';
import { type Problem, problemOf, problemOfFocus } from './problems.ts';
import { Publishing } from './publishing.ts';
import type { Loss } from './recovery.ts';
import { type Shown, type Size, Subscriber, type WantedCopy } from './subscriptions.ts';
import type { ControlMessage, Description, LayerSwitch, StreamMetadata, Subscription } from './wire.ts';

export type SessionPhase = 'inviting' | 'connecting' | 'up' | 'troubled' | 'over';

export interface SessionEvents {
  mark(mark: Mark): void;
  /** Streams, tracks or phase changed. */
  changed(): void;
  /** The focus answered the invite. */
  answered(): void;
  /** The focus refused something that we asked for; the session goes on. */
  refused(reason: Problem): void;
  /** It is over, without our doing. Said once. */
  lost(loss: Loss): void;
}

export interface SessionOptions {
  address: CallAddress;
  send: SendToDevice;
  capture: Capture;
  iceServers: RTCIceServer[];
  preferences: MediaPreferences;
  /** Made in advance, so that joining does not wait for keys. */
  certificate: RTCCertificate | undefined;
  /** How a new tile would be drawn. */
  guessSize: () => Shown;
  /** Longest wait for the answer to the invite, in ms. */
  answerTimeoutMs: number;
  previous: Session | undefined;
}

export class Session {
  readonly connection: RTCPeerConnection;
  readonly others: Others;
  readonly options: Readonly<SessionOptions>;
  readonly #events: SessionEvents;
  readonly #link: FocusLink;
  readonly #control: ControlChannel;
  readonly #own: OwnStreams;
  readonly #publishing: Publishing;
  readonly #layers: OwnLayers;
  readonly #negotiation: Negotiation;
  readonly #path: PathWatch;
  readonly #subscriber: Subscriber;
  readonly #unlisten: () => void;
  readonly #candidates: CandidateBatch;
  #phase: SessionPhase = 'inviting';
  #iceServers: RTCIceServer[];
  readonly #madeAt = Date.now();
  #offer: Promise<string> | undefined;
  #upSince: number | undefined;
  #answerTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: SessionOptions, events: SessionEvents) {
    this.options = options;
    this.#events = events;
    this.#link = new FocusLink(options.address, options.send);
    this.connection = new RTCPeerConnection({
      bundlePolicy: 'max-bundle',
      iceServers: options.iceServers,
      iceTransportPolicy: options.preferences.relayOnly ? 'relay' : 'all',
      ...(options.certificate === undefined ? {} : { certificates: [options.certificate] }),
    });
    this.others = new Others(options.address.self);
    this.#own = new OwnStreams(this.connection, options.capture, options.preferences);
    this.#iceServers = options.iceServers;
    this.#layers = new OwnLayers({
      tell: message => this.#control.tell(message),
      senderOf: (...ids) => this.#own.senderOf(this.connection.localDescription?.sdp ?? '', ...ids),
    });
    this.#control = new ControlChannel(this.connection, {
      opened: () => this.#channelOpened(),
      heard: () => this.#path.heard(),
      message: message => this.#takeControl(message),
    });
    this.#publishing = new Publishing({
      connection: this.connection,
      own: this.#own,
      control: this.#control,
      link: this.#link,
      failed: thrown => this.#lose({ kind: 'signalling', problem: problemOf(thrown) }),
    });
    this.#negotiation = new Negotiation(this.connection, {
      send: description => this.#publishing.send(description),
      applied: description => this.#applied(description),
      refused: (type, thrown) => this.#report(type, thrown),
      stuck: why => this.#lose({ kind: 'negotiation', why }),
    });
    this.#path = new PathWatch({
      trouble: () => this.#setPhase('troubled'),
      restartIce: () => this.#negotiation.offer({ iceRestart: true }),
      up: () => this.#connected(),
      lost: why => this.#lose({ kind: 'path', why }),
    });
    this.#subscriber = new Subscriber(
      subscription => this.#subscribe(subscription),
      options.guessSize,
      options.previous === undefined ? undefined : options.previous.#subscriber,
    );
    this.#candidates = new CandidateBatch(this.connection, candidates => {
      this.#link.candidates(candidates).catch(() => undefined);
    });
    this.#listen();
    this.#unlisten = options.capture.onChange(() => this.#captureChanged());
  }

  get phase(): SessionPhase {
    return this.#phase;
  }

  get sessionId(): string {
    return this.options.address.sessionId;
  }

  /** For how long it has been connected, in ms; 0 where it never was. */
  get upForMs(): number {
    return this.#upSince === undefined ? 0 : Date.now() - this.#upSince;
  }

  /** Since when it exists, in ms. */
  get ageMs(): number {
    return Date.now() - this.#madeAt;
  }

  /** Makes the offer and looks for ways through the network, so that `start()` has only to send. */
  prepare(): void {
    this.#firstOffer().catch(() => undefined);
  }

  /** Sends the invite. What fails is told by `lost`. */
  start(): void {
    this.#invite().catch((thrown: unknown) => this.#lose({ kind: 'signalling', problem: problemOf(thrown) }));
  }

  /** Takes a to-device message if it is meant for this session. */
  take(message: ToDeviceMessage): void {
    const said = this.#phase === 'over' ? undefined : this.#link.read(message);
    switch (said?.kind) {
      case undefined:
        return;
      case 'answer':
        this.#takeAnswer(said.sdp, said.metadata, said.earlyOffer);
        return;
      case 'negotiate':
        this.#takeDescription(said.description, said.metadata);
        return;
      case 'candidates':
        // A focus that trickles; those of an ICE-lite one stand in its answer.
        for (const candidate of said.candidates) this.connection.addIceCandidate(candidate).catch(() => undefined);
        return;
      case 'hangup':
        this.#lose({ kind: 'hangup', reason: said.reason, error: said.error });
    }
  }

  show(streamId: string, trackId: string, shown: Shown): void {
    this.#subscriber.show(streamId, trackId, shown);
  }

  /** Asks for a second size of a track; it comes in `others.copies`. */
  showCopy(copy: WantedCopy): void {
    this.#subscriber.showCopy(copy);
  }

  wantSize(streamId: string, trackId: string, size: Size): void {
    this.#subscriber.override(streamId, trackId, size);
  }

  /** Takes layers of one of our videos off, or offers them again: see `OwnLayers.offer`. */
  offerLayers(streamId: string, trackId: string, layers: readonly LayerSwitch[]): void {
    this.#layers.offer(streamId, trackId, layers);
  }

  /** The next ICE restart takes these: passwords of relays end. */
  useIceServers(iceServers: RTCIceServer[]): void {
    if (this.#isOver || iceServers === this.#iceServers) return;
    this.#iceServers = iceServers;
    this.connection.setConfiguration({ ...this.connection.getConfiguration(), iceServers });
  }

  /** Ends it and tells the focus. `keepAlive`: the page is going away. */
  hangUp(options?: { keepAlive: boolean }): void {
    if (this.#phase === 'over') return;
    this.#link.hangup('user_hangup', options).catch(() => undefined);
    this.close();
  }

  close(): void {
    this.#setPhase('over');
    clearTimeout(this.#answerTimer);
    this.#candidates.close();
    this.#unlisten();
    this.#path.close();
    this.#negotiation.close();
    this.#layers.close();
    this.#subscriber.close();
    this.connection.close();
  }

  async #invite(): Promise<void> {
    await this.#firstOffer();
    if (this.#isOver) return;
    // As it is now: it grew by the candidates that were found meanwhile.
    const sdp = this.connection.localDescription?.sdp ?? '';
    this.#candidates.told();
    this.#answerTimer = setTimeout(() => this.#unanswered(), this.options.answerTimeoutMs);
    this.#events.mark('inviteSentAt');
    await this.#link.invite(sdp, this.#own.metadata(sdp, this.options.address.self));
  }

  #firstOffer(): Promise<string> {
    return (this.#offer ??= this.#negotiation.first());
  }

  get #isOver(): boolean {
    return this.#phase === 'over';
  }

  #listen(): void {
    const { connection } = this;
    connection.addEventListener('connectionstatechange', () => {
      if (connection.connectionState === 'connected') this.#events.mark('connectedAt');
      this.#path.connection(connection.connectionState);
    });
  }

  #channelOpened(): void {
    this.#events.mark('channelOpenAt');
    this.#path.heard();
    this.#publishing.channelOpened();
    this.#subscriber.flush();
    this.#publishing.announce();
  }

  #takeAnswer(sdp: string, metadata: StreamMetadata, earlyOffer: string | undefined): void {
    if (this.#phase !== 'inviting') return;
    clearTimeout(this.#answerTimer);
    this.#events.mark('answerAt');
    this.#setPhase('connecting');
    this.#path.answered();
    this.#negotiation.receive({ type: 'answer', sdp });
    this.#setMetadata(metadata);
    this.#link.selectAnswer().catch(() => undefined);
    this.#candidates.release();
    this.#events.answered();
    if (earlyOffer !== undefined) this.#takeDescription({ type: 'offer', sdp: earlyOffer }, undefined);
  }

  #takeDescription(description: Description, metadata: StreamMetadata | undefined): void {
    if (metadata !== undefined) this.#setMetadata(metadata);
    if (description.type === 'offer') this.#events.mark('firstOfferAt');
    this.#negotiation.receive(description);
  }

  #takeControl(message: ControlMessage): void {
    switch (message.kind) {
      case 'negotiate':
        this.#takeDescription(message.description, message.metadata);
        return;
      case 'metadata_changed':
        this.#setMetadata(message.metadata);
        return;
      case 'layers_wanted':
        this.#layers.want(message.tracks);
        return;
      case 'allocation':
      case 'speakers':
      case 'audio_levels':
        if (this.others.take(message)) this.#events.changed();
        return;
      case 'error':
        // The publisher left while we asked for its track: the next metadata says so.
        if (message.code === 'WEIR_UNKNOWN_TRACK') this.#subscriber.forget();
        else if (message.code === 'WEIR_NO_COMMON_CODEC' && message.tracks !== undefined) {
          this.others.cannotShow(message.tracks, message.codec);
          this.#events.changed();
        }
        else this.#events.refused(problemOfFocus(message));
        return;
      case 'ping':
      case 'pong':
      case 'subscription':
      case 'layers_available':
        return;
    }
  }

  #setMetadata(metadata: StreamMetadata): void {
    this.others.setMetadata(metadata);
    this.#subscriber.setMetadata(this.others.subscribable);
    this.#events.changed();
  }

  #subscribe(subscription: Subscription): boolean {
    if (!this.#control.tell(subscription)) return false;
    this.others.unsubscribed(subscription.unsubscribe.filter(({ variant }) => variant === undefined));
    return true;
  }

  #applied(description: Description): void {
    this.others.bind(description.sdp, this.connection.getTransceivers());
    this.#own.negotiated();
    this.#layers.applyAgain();
    this.#events.changed();
  }

  #connected(): void {
    this.#upSince ??= Date.now();
    this.#setPhase('up');
  }

  #captureChanged(): void {
    if (this.#own.update()) this.#negotiation.offer();
    this.#publishing.announce();
  }

  #report(type: Description['type'], thrown: unknown): void {
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    this.#control.tell({
      kind: 'error',
      code: 'WEIR_BAD_SDP',
      message: `${type}: ${message}`,
      inReplyTo: 'm.call.negotiate',
    });
  }

  #unanswered(): void {
    this.#link.hangup('invite_timeout').catch(() => undefined);
    this.#lose({ kind: 'unanswered' });
  }

  #setPhase(phase: SessionPhase): void {
    if (this.#phase === phase || this.#phase === 'over') return;
    this.#phase = phase;
    this.#events.changed();
  }

  #lose(loss: Loss): void {
    if (this.#phase === 'over') return;
    // A focus that still believes in this session learns that it need not.
    if (loss.kind === 'path' || loss.kind === 'negotiation') this.#link.hangup('ice_failed').catch(() => undefined);
    this.close();
    this.#events.lost(loss);
  }
}

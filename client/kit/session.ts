/** One stay of this device in a conference: one peer connection, one call with the focus. It never comes back: a new one does. */
import { CandidateBatch } from './candidate-batch.ts';
import { ControlChannel } from './control-channel.ts';
import { type ControlMessageListener, takeControlMessage } from './control-messages.ts';
import { FloorKey } from './floor.ts';
import { bindSenders, protectedStreams } from './frame-protection.ts';
import { FocusLink } from './focus-link.ts';
import type { ToDeviceMessage } from './homeserver-answers.ts';
import { Invitation } from './invitation.ts';
import { Negotiation } from './negotiation.ts';
import type { NetworkHint } from './network.ts';
import { Others } from './others.ts';
import { OwnLayers } from './own-layers.ts';
import { OwnStreams } from './own-streams.ts';
import { type Problem, problemOf } from './problems.ts';
import { Publishing } from './publishing.ts';
import type { Loss } from './recovery.ts';
import type { RemoteStream } from './remote-streams.ts';
import { SessionInbox } from './session-inbox.ts';
import type { SessionEvents, SessionOptions, SessionPhase } from './session-options.ts';
import { SessionPath } from './session-path.ts';
import { Subscriber } from './subscriptions.ts';
import {
  afterChange,
  type ControlMessage,
  type Description,
  type SignalFrame,
  type StreamMetadata,
  type Subscription,
} from './wire.ts';

const NO_SESSION = { code: 'WEIR_NO_SESSION', message: 'the focus does not know the session' };

export class Session {
  readonly connection: RTCPeerConnection;
  readonly others: Others;
  /** Which tracks of the others we ask for. */
  readonly subscriber: Subscriber;
  /** Which layers of our tracks flow. */
  readonly layers: OwnLayers;
  readonly floor = new FloorKey(message => this.#control.tell(message));
  readonly options: Readonly<SessionOptions>;
  readonly #events: SessionEvents;
  readonly #link: FocusLink;
  readonly #inbox: SessionInbox;
  readonly #invitation: Invitation;
  readonly #control: ControlChannel;
  readonly #own: OwnStreams;
  readonly #publishing: Publishing;
  readonly #negotiation: Negotiation;
  readonly #path: SessionPath;
  readonly #unlisten: () => void;
  readonly #candidates: CandidateBatch;
  #phase: SessionPhase = 'inviting';
  #iceServers: RTCIceServer[];
  readonly #madeAt = Date.now();
  #offer: Promise<string> | undefined;
  #upSince: number | undefined;
  readonly #listener: ControlMessageListener = {
    description: (description, metadata) => this.#inbox.takeDescription(description, metadata),
    metadata: metadata => this.#setMetadata(metadata),
    streamsChanged: change => this.#setMetadata(afterChange(this.others.metadata, change)),
    layersWanted: ({ tracks }) => this.layers.want(tracks),
    streams: message => {
      if (this.others.take(message)) this.#events.changed();
    },
    floor: message => {
      this.floor.take(message);
      this.#events.changed();
    },
    dataChannels: ({ channels }) => this.options.data.take(this.connection, channels),
    trackGone: () => this.subscriber.forget(),
    undecodable: ({ tracks, codec }) => {
      this.others.cannotShow(tracks ?? [], codec);
      this.#events.changed();
    },
    unknown: () => this.unknown(),
    refused: reason => this.#events.refused(reason),
  };

  constructor(options: SessionOptions, events: SessionEvents) {
    this.options = options;
    this.#events = events;
    this.#link = new FocusLink(options.address, options.send, options.line);
    this.#inbox = new SessionInbox(this.#link, {
      heard: () => this.#path.heard(),
      answered: ({ sdp, metadata, earlyOffer }) => this.#takeAnswer(sdp, metadata, earlyOffer),
      description: (description, metadata) => this.#takeDescription(description, metadata),
      candidates: candidates => {
        // A focus that trickles; those of an ICE-lite one stand in its answer.
        for (const candidate of candidates) this.connection.addIceCandidate(candidate).catch(() => undefined);
      },
      hungUp: ({ reason, error }) => this.#lose({ kind: 'hangup', reason, error }),
    });
    this.#invitation = new Invitation({
      link: this.#link,
      line: options.line,
      answerTimeoutMs: options.answerTimeoutMs,
      sent: way => {
        events.mark('inviteSentAt');
        events.invited(way);
      },
      unanswered: () => this.#lose({ kind: 'unanswered' }),
    });
    this.connection = new RTCPeerConnection({
      bundlePolicy: 'max-bundle',
      iceServers: options.iceServers,
      iceTransportPolicy: options.preferences.relayOnly ? 'relay' : 'all',
      ...(options.certificate === undefined ? {} : { certificates: [options.certificate] }),
      ...options.protection?.connectionOptions(),
    });
    this.others = new Others(options.address.self);
    this.#own = new OwnStreams(this.connection, options.capture, options.preferences, options.protection);
    this.connection.addEventListener('track', ({ receiver }) => options.protection?.receive(receiver));
    this.#iceServers = options.iceServers;
    this.layers = new OwnLayers({
      tell: message => this.#control.tell(message),
      senderOf: (...ids) => this.#own.senderOf(this.connection.localDescription?.sdp ?? '', ...ids),
    });
    const overLine = (text: string): boolean => options.line?.say(options.address.callId, text) === true;
    this.#control = new ControlChannel(this.connection, overLine, {
      opened: () => this.#channelOpened(),
      heard: () => this.#path.heard(),
      message: message => this.#takeControl(message),
    });
    this.#publishing = new Publishing({
      connection: this.connection,
      own: this.#own,
      control: this.#control,
      link: this.#link,
      isBroken: () => this.#path.isBroken,
      failed: thrown => this.#undelivered(problemOf(thrown)),
    });
    this.#negotiation = new Negotiation(this.connection, {
      send: description => this.#publishing.send(description),
      applied: description => this.#applied(description),
      refused: (type, thrown) => this.#report(type, thrown),
      stuck: why => this.#lose({ kind: 'negotiation', why }),
    });
    this.connection.addEventListener('connectionstatechange', () => {
      if (this.connection.connectionState === 'connected') this.#events.mark('connectedAt');
    });
    this.#path = new SessionPath(this.connection, {
      ask: () => this.#control.askByPath(),
      askFocus: () => void this.#control.tell({ kind: 'ping' }),
      trouble: () => {
        this.options.line?.hurry(true);
        this.#setPhase('troubled');
      },
      restartIce: () => this.#negotiation.offer({ iceRestart: true }),
      up: () => this.#connected(),
      lost: why => this.#lose({ kind: 'path', why }),
    });
    this.subscriber = new Subscriber(
      subscription => this.#subscribe(subscription),
      options.guessSize,
      options.previous,
      options.hearsNewcomers,
    );
    this.#candidates = new CandidateBatch(this.connection, candidates => {
      this.#link.candidates(candidates).catch(() => undefined);
    });
    this.#unlisten = options.capture.onChange(() => this.#captureChanged());
  }

  get phase(): SessionPhase {
    return this.#phase;
  }

  get sessionId(): string {
    return this.options.address.sessionId;
  }

  /** Streams of the others, those that cannot be decrypted with the reason. */
  get streams(): RemoteStream[] {
    return protectedStreams(this.options.protection, this.others.streams);
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
    this.options.data.begin({ connection: this.connection, tell: message => this.#control.tell(message) });
    this.#invite().catch((thrown: unknown) => this.#lose({ kind: 'signalling', problem: problemOf(thrown) }));
  }

  /** Takes a to-device message if it is meant for this session. */
  take(message: ToDeviceMessage, way: 'line' | 'to-device' = 'to-device'): void {
    if (!this.#isOver) this.#inbox.take(message, way);
  }

  /** Takes what the focus said over the line. What has a call_id is a call message. */
  takeFrame({ type, content }: SignalFrame, text: string): void {
    if (this.#isOver) return;
    if (Object.hasOwn(content, 'call_id'))
      this.take({ type, sender: this.options.address.focus.userId, content, encryption: undefined }, 'line');
    else this.#control.takeFromLine(text);
  }

  /** The line is open: what was said last may be lost. */
  lineOpened(): void {
    if (this.#isOver || !this.#link.isOnLine) return;
    this.#sayAgain();
    this.#path.retry();
  }

  /** The line is cut, and what was said last may be lost with it. Media goes on, unless what cut it changed the network. */
  lineCut(): void {
    if (this.#isOver) return;
    if (this.#phase === 'inviting') {
      this.#invitation.sendToDevice();
      return;
    }
    this.#sayAgain();
    this.#path.hint('changed');
  }

  /** The focus does not know this session any more. */
  unknown(): void {
    if (this.#phase !== 'inviting') this.#lose({ kind: 'hangup', reason: 'unknown_error', error: NO_SESSION });
  }

  /** What the browser knows of its network. */
  hint(hint: NetworkHint): void {
    this.#path.hint(hint);
    if (hint === 'back') this.#negotiation.repeat();
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
    this.#invitation.close();
    this.options.line?.hurry(false);
    this.options.line?.release(this.options.address.callId);
    this.#candidates.close();
    this.#unlisten();
    this.#path.close();
    this.#negotiation.close();
    this.layers.close();
    this.subscriber.close();
    this.floor.close();
    this.options.data.end(this.connection);
    const transceivers = this.connection.getTransceivers();
    this.connection.close();
    this.options.protection?.detach(transceivers);
  }

  async #invite(): Promise<void> {
    await this.#firstOffer();
    if (this.#isOver) return;
    // As it is now: it grew by the candidates that were found meanwhile.
    const sdp = this.connection.localDescription?.sdp ?? '';
    this.#candidates.told();
    await this.#invitation.send(sdp, this.#own.metadata(sdp, this.options.address.self));
  }

  /** Says all again that holds, by the way that is open now. */
  #sayAgain(): void {
    this.#publishing.channelOpened();
    this.#negotiation.repeat();
    this.#publishing.forget();
    this.subscriber.forget();
    this.subscriber.flush();
    this.#publishing.announce();
    this.layers.tellAgain();
    this.options.data.opened(this.connection);
  }

  /** The homeserver did not take a message. While media flows, or the path is mended, what matters is said again; a refused token is for good. */
  #undelivered(reason: Problem): void {
    if (reason.code === 'TOKEN_REFUSED' && !this.#link.isOnLine) this.#lose({ kind: 'signalling', problem: reason });
  }

  #firstOffer(): Promise<string> {
    return (this.#offer ??= this.#negotiation.first());
  }

  get #isOver(): boolean {
    return this.#phase === 'over';
  }

  #channelOpened(): void {
    this.#events.mark('channelOpenAt');
    this.#path.heard();
    this.#publishing.channelOpened();
    this.subscriber.flush();
    this.#publishing.announce();
    this.options.data.opened(this.connection);
  }

  #takeAnswer(sdp: string, metadata: StreamMetadata, earlyOffer: string | undefined): void {
    if (this.#phase !== 'inviting') return;
    this.#invitation.close();
    this.#events.mark('answerAt');
    this.#setPhase('connecting');
    this.#path.answered();
    this.#negotiation.receive({ type: 'answer', sdp });
    this.#setMetadata(metadata);
    this.#link.selectAnswer().catch(() => undefined);
    this.options.line?.take(this.options.address);
    this.#candidates.release();
    this.#events.answered();
    if (earlyOffer !== undefined) this.#inbox.takeDescription({ type: 'offer', sdp: earlyOffer }, undefined);
  }

  #takeDescription(description: Description | undefined, metadata: StreamMetadata | undefined): void {
    if (metadata !== undefined) this.#setMetadata(metadata);
    if (description === undefined) return;
    if (description.type === 'offer') this.#events.mark('firstOfferAt');
    this.#negotiation.receive(description);
  }

  #takeControl(message: ControlMessage): void {
    if (this.#phase === 'inviting') {
      // Until it answers, the line may still speak of the session before; but it may refuse the invite.
      if (message.kind === 'error' && message.inReplyTo === 'm.call.invite') this.#invitation.refusedByLine();
      return;
    }
    takeControlMessage(message, this.#listener);
  }

  #setMetadata(metadata: StreamMetadata): void {
    this.others.setMetadata(metadata);
    this.#bindSenders();
    this.subscriber.setMetadata(this.others.subscribable);
    this.#events.changed();
  }

  #bindSenders(): void {
    const { streams, copies } = this.others;
    bindSenders(this.options.protection, streams, copies, this.connection.getTransceivers());
  }

  #subscribe(subscription: Subscription): boolean {
    if (!this.#control.tell(subscription)) return false;
    this.others.unsubscribed(subscription.unsubscribe.filter(({ variant }) => variant === undefined));
    return true;
  }

  #applied(description: Description): void {
    this.others.bind(description.sdp, this.connection.getTransceivers());
    this.#bindSenders();
    this.#own.negotiated();
    if (description.type === 'answer') this.#path.restarted();
    this.layers.applyAgain();
    this.#events.changed();
  }

  #connected(): void {
    this.#upSince ??= Date.now();
    this.options.line?.hurry(false);
    this.#setPhase('up');
    // What no way took meanwhile.
    this.subscriber.flush();
    this.#publishing.announce();
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

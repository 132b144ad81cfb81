import { randomBytes, randomUUID } from 'node:crypto';
import type { CallRoom } from '../../demo/call-room.ts';
import type { MatrixUser } from '../../demo/synapse.ts';
import { type ControlMessage, parseControl, writeControl } from '../../signalling/wire/control.ts';
import type { StreamMetadata } from '../../signalling/wire/stream-metadata.ts';
import { parseFocusToDevice } from '../../signalling/wire/to-device.ts';
import {
  type CallAddress,
  hangupEvent,
  inviteEvent,
  memberContent,
  selectAnswerEvent,
  negotiateEvent,
} from './client-messages.ts';
import { DatachannelEndpoint } from './datachannel-endpoint.ts';
import { type Endpoint, type EndpointEvents, keyOf, type TrackIds } from './endpoint.ts';
import { HomeserverLink, type ReceivedToDevice } from './homeserver-link.ts';
import { FRAME_SIZE } from './media-source.ts';

export interface LightPeerOptions {
  baseUrl: string;
  user: MatrixUser;
  focus: { userId: string; deviceId: string };
  room: CallRoom;
  /** libdatachannel unless given. */
  endpoint?: (events: EndpointEvents) => Endpoint;
  /** Does not write its member event. */
  unlisted?: boolean;
  /** Names the room in the invite. */
  namesRoom?: boolean;
}

/** What a peer does when an offer of the focus arrives. */
export type OfferHabit =
  | { kind: 'answer' }
  /** Never says a word. */
  | { kind: 'ignore' }
  | { kind: 'delay'; ms: number }
  /** Drops the next one and offers a screen share instead, as an impolite client does; then answers. */
  | { kind: 'collide' };

export interface Hangup {
  reason: string;
  /** `org.weir.error`. */
  code: string | undefined;
  at: number;
}

/** What a peer has seen so far. */
export interface Seen {
  offers: number;
  offersDropped: number;
  answers: number;
  pings: number;
  metadataMessages: number;
  errors: Extract<ControlMessage, { kind: 'error' }>[];
  unreadable: string[];
  /** Hangups of other calls of the same device. */
  strayHangups: { callId: string; reason: string; code: string | undefined }[];
}

/**
 * A participant without a browser that speaks MSC3401 + MSC3898: joins, publishes a camera and a microphone, subscribes to
 * all that the others publish, counts what arrives.
 */
export class LightPeer {
  readonly options: LightPeerOptions;
  readonly call: CallAddress;
  /** Of its camera and microphone. */
  readonly streamId = randomUUID();
  readonly seen: Seen = {
    offers: 0,
    offersDropped: 0,
    answers: 0,
    pings: 0,
    metadataMessages: 0,
    errors: [],
    unreadable: [],
    strayHangups: [],
  };
  offerHabit: OfferHabit = { kind: 'answer' };
  answersPings = true;
  /** Sends its invite twice, as a homeserver may deliver it. */
  repeatsInvite = false;
  /** Subscribes by itself to whatever the metadata names. */
  subscribesToAll = true;
  /** Of the others, as the focus told it last. */
  metadata: StreamMetadata = {};
  hangup: Hangup | undefined;
  /** Time of joining, on the monotonic clock in ms. */
  invitedAt = 0;
  /** Time of the last RTP packet, on the same clock. */
  lastPacketAt = 0;
  readonly #endpoint: Endpoint;
  readonly #link: HomeserverLink;
  readonly #own: StreamMetadata;
  readonly #packets = new Map<string, number>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #subscribed = '';
  /** Negotiations one after the other. */
  #work: Promise<void> = Promise.resolve();
  #controlOpen = false;
  #closed = false;

  constructor(options: LightPeerOptions) {
    this.options = options;
    this.call = {
      userId: options.user.userId,
      deviceId: options.user.deviceId,
      sessionId: randomBytes(5).toString('hex'),
      callId: `${Date.now()}${randomBytes(8).toString('hex')}`,
      confId: options.room.confId,
      focus: options.focus,
    };
    this.#link = new HomeserverLink(options.baseUrl, options.user);
    const events: EndpointEvents = {
      control: text => {
        this.#onControl(text);
      },
      controlOpen: () => {
        this.#controlOpen = true;
        this.#subscribeToAll();
      },
      controlClosed: () => {
        this.#controlOpen = false;
      },
      packet: track => {
        this.lastPacketAt = performance.now();
        this.#packets.set(keyOf(track), (this.#packets.get(keyOf(track)) ?? 0) + 1);
      },
    };
    this.#endpoint = (options.endpoint ?? (own => new DatachannelEndpoint(own)))(events);
    const [audio, video] = (['audio', 'video'] as const).map(kind =>
      this.#endpoint.send({ kind, streamId: this.streamId, trackId: randomUUID(), direction: 'sendrecv' }),
    );
    if (audio === undefined || video === undefined) throw new Error('no tracks');
    this.#own = {
      [this.streamId]: {
        user_id: this.call.userId,
        device_id: this.call.deviceId,
        purpose: 'm.usermedia',
        audio_muted: false,
        video_muted: false,
        tracks: { [audio]: { kind: 'audio' }, [video]: { kind: 'video', ...FRAME_SIZE } },
      },
    };
  }

  /** Hears what its device is told from now on, without joining. */
  listen(): Promise<void> {
    return this.#link.open(event => {
      this.#onToDevice(event);
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
    const invite = inviteEvent(this.call, sdp, this.#own, this.options.namesRoom ? room.roomId : undefined);
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
    for (const timer of this.#timers) clearTimeout(timer);
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
    return this.#endpoint.sendControl(text);
  }

  /** Subscribes to exactly these tracks beside what it is subscribed to. */
  subscribe(tracks: readonly (TrackIds & { width?: number; height?: number })[]): boolean {
    return this.#say({ kind: 'subscription', subscribe: [...tracks], unsubscribe: [] });
  }

  unsubscribe(tracks: readonly TrackIds[]): boolean {
    return this.#say({ kind: 'subscription', subscribe: [], unsubscribe: [...tracks] });
  }

  /** Offers one more video track, as a screen share does. */
  shareScreen(way: 'control' | 'to-device' = 'control'): Promise<string> {
    const streamId = randomUUID();
    return this.#next(async () => {
      const trackId = this.#endpoint.send({ kind: 'video', streamId, trackId: randomUUID(), direction: 'sendonly' });
      this.#own[streamId] = {
        user_id: this.call.userId,
        device_id: this.call.deviceId,
        purpose: 'm.screenshare',
        tracks: { [trackId]: { kind: 'video', ...FRAME_SIZE } },
      };
      await this.#offer(way);
    }).then(() => streamId);
  }

  get sessionId(): string {
    return this.call.sessionId;
  }

  isConnected(): boolean {
    return this.#endpoint.isConnected();
  }

  hasControl(): boolean {
    return this.#controlOpen;
  }

  /** What it publishes. */
  tracks(): TrackIds[] {
    return tracksOf(this.#own);
  }

  /** RTP packets of a track that arrived. */
  received(track: TrackIds): number {
    return this.#packets.get(keyOf(track)) ?? 0;
  }

  receivedInAll(): number {
    let sum = 0;
    for (const count of this.#packets.values()) sum += count;
    return sum;
  }

  /** Forgets what it has counted. */
  resetCounts(): void {
    this.#packets.clear();
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

  #onToDevice(event: ReceivedToDevice): void {
    if (this.#closed || event.sender !== this.call.focus.userId) return;
    const parsed = parseFocusToDevice(event.type, event.content);
    if (parsed === undefined) return;
    if (parsed.kind === 'bad') {
      this.seen.unreadable.push(parsed.error.message);
      return;
    }
    const message = parsed.value;
    if (message.callId !== this.call.callId || message.destSessionId !== this.call.sessionId) {
      if (message.kind === 'hangup') {
        this.seen.strayHangups.push({ callId: message.callId, reason: message.reason, code: message.error?.code });
      }
      return;
    }
    switch (message.kind) {
      case 'answer': {
        this.seen.answers += 1;
        this.metadata = message.metadata;
        const select = selectAnswerEvent(this.call);
        this.#do(async () => {
          await this.#endpoint.takeAnswer(message.sdp);
          await this.tellFocus(select.type, select.content);
        });
        break;
      }
      case 'negotiate':
        this.#onDescription(message.description);
        break;
      case 'hangup':
        this.hangup = { reason: message.reason, code: message.error?.code, at: performance.now() };
        break;
      case 'candidates':
        break;
    }
  }

  #onControl(text: string): void {
    const parsed = parseControl(text);
    if (parsed.kind === 'bad') {
      this.seen.unreadable.push(parsed.error.message);
      return;
    }
    const message = parsed.value;
    switch (message.kind) {
      case 'metadata_changed':
        this.seen.metadataMessages += 1;
        this.metadata = message.metadata;
        this.#subscribeToAll();
        break;
      case 'negotiate':
        if (message.metadata !== undefined) this.metadata = message.metadata;
        this.#onDescription(message.description);
        this.#subscribeToAll();
        break;
      case 'ping':
        this.seen.pings += 1;
        if (this.answersPings) this.#say({ kind: 'pong' });
        break;
      case 'error':
        this.seen.errors.push(message);
        break;
      case 'pong':
      case 'subscription':
        break;
    }
  }

  #onDescription(description: { type: 'offer' | 'answer'; sdp: string }): void {
    if (description.type === 'answer') {
      this.seen.answers += 1;
      this.#do(() => this.#endpoint.takeAnswer(description.sdp));
      return;
    }
    this.seen.offers += 1;
    const habit = this.offerHabit;
    switch (habit.kind) {
      case 'answer':
        this.#answer(description.sdp);
        break;
      case 'ignore':
        this.seen.offersDropped += 1;
        break;
      case 'delay': {
        const timer = setTimeout(() => {
          this.#timers.delete(timer);
          this.#answer(description.sdp);
        }, habit.ms);
        this.#timers.add(timer);
        break;
      }
      case 'collide':
        this.offerHabit = { kind: 'answer' };
        this.seen.offersDropped += 1;
        this.shareScreen().catch((error: unknown) => {
          this.#complain(error);
        });
        break;
    }
  }

  #answer(sdp: string): void {
    this.#do(async () => {
      // The client is impolite (MSC3401: it is the caller): the focus has to roll back.
      if (this.#endpoint.hasLocalOffer()) {
        this.seen.offersDropped += 1;
        return;
      }
      const answer = await this.#endpoint.answer(sdp);
      this.#say({ kind: 'negotiate', description: { type: 'answer', sdp: answer }, metadata: this.#own });
    });
  }

  async #offer(way: 'control' | 'to-device'): Promise<void> {
    const sdp = await this.#endpoint.offer();
    const description = { type: 'offer' as const, sdp };
    if (way === 'control') this.#say({ kind: 'negotiate', description, metadata: this.#own });
    else {
      const { type, content } = negotiateEvent(this.call, description, this.#own);
      await this.tellFocus(type, content);
    }
  }

  /** All tracks of all others, each time, as the recorded clients say it. */
  #subscribeToAll(): void {
    if (!this.subscribesToAll || !this.#controlOpen) return;
    const subscribe = Object.entries(this.metadata).flatMap(([streamId, stream]) =>
      Object.entries(stream.tracks ?? {}).map(([trackId, { kind, width, height }]) => ({
        streamId,
        trackId,
        ...(kind === 'video' ? { width: width ?? FRAME_SIZE.width, height: height ?? FRAME_SIZE.height } : {}),
      })),
    );
    const wanted = JSON.stringify(subscribe);
    if (subscribe.length === 0 || wanted === this.#subscribed) return;
    if (this.#say({ kind: 'subscription', subscribe, unsubscribe: [] })) this.#subscribed = wanted;
  }

  #say(message: ControlMessage): boolean {
    return this.#endpoint.sendControl(writeControl(message));
  }

  #do(act: () => Promise<void>): void {
    this.#next(act).catch((error: unknown) => {
      this.#complain(error);
    });
  }

  #next(act: () => Promise<void>): Promise<void> {
    const done = this.#work.then(() => (this.#closed ? undefined : act()));
    this.#work = done.catch(() => undefined);
    return done;
  }

  #complain(error: unknown): void {
    if (!this.#closed) this.seen.unreadable.push(error instanceof Error ? error.message : String(error));
  }
}

function tracksOf(metadata: StreamMetadata): TrackIds[] {
  return Object.entries(metadata).flatMap(([streamId, stream]) =>
    Object.keys(stream.tracks ?? {}).map(trackId => ({ streamId, trackId })),
  );
}

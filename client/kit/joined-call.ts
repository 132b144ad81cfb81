/** A stay in a call, as an application sees it. */
import type { ApplicationData } from './application-data.ts';
import { AttachedStream } from './attached-stream.ts';
import { Call } from './call.ts';
import type { CallOptions, CallState } from './call-options.ts';
import type { CallRoom } from './call-room.ts';
import type { Capture } from './capture.ts';
import { browserNetwork, type Network } from './network.ts';
import type { Problem } from './problems.ts';
import { PushToTalk, type TalkKey } from './push-to-talk.ts';
import { switchOffRefused } from './refused-kinds.ts';
import type { RemoteStream } from './remote-streams.ts';
import type { FloorState } from './wire.ts';

/** Somebody else in the call: one device of one person. */
export interface Participant {
  userId: string;
  deviceId: string;
  /** As others call them in this room. */
  name: string;
  /** Camera and microphone (`m.usermedia`), and a screen (`m.screenshare`) where one is shared. */
  streams: readonly RemoteStream[];
  /** Said something last, of all in the call. */
  speaks: boolean;
}

export interface JoinedCallOptions
  extends Pick<CallOptions, 'doorOf' | 'guessSize' | 'hearsNewcomers' | 'preferences'> {
  room: CallRoom;
  capture: Capture;
  ownsCapture: boolean;
  network?: Network;
}

export class JoinedCall {
  /** What it is made of, for whoever needs more: sizes and copies of single tracks, layers, voices, marks. */
  readonly call: Call;
  readonly room: CallRoom;
  /** Our camera, microphone and screen. */
  readonly capture: Capture;
  /** The key of push-to-talk, where the room has a floor. */
  readonly talk: TalkKey;
  readonly #talk: PushToTalk;
  readonly #changes = new Set<() => void>();
  readonly #notices = new Set<(reason: Problem) => void>();
  readonly #attached = new Map<HTMLMediaElement, AttachedStream>();
  readonly #stopListening: (() => void)[];
  readonly #ownsCapture: boolean;
  #isOver = false;

  constructor({ room, capture, ownsCapture, network, ...options }: JoinedCallOptions) {
    this.room = room;
    this.capture = capture;
    this.#ownsCapture = ownsCapture;
    this.call = new Call({
      ...options,
      room,
      capture,
      network: network ?? browserNetwork(),
      changed: () => this.#changed(),
      notice: reason => {
        for (const listener of this.#notices) listener(reason);
      },
    });
    this.#talk = new PushToTalk({
      call: this.call,
      capture,
      isOn: () => room.hasFloor && this.#isIn,
      changed: () => this.#changed(),
    });
    this.talk = this.#talk;
    this.#stopListening = [
      room.onChange(() => {
        this.call.prepare();
        this.#changed();
      }),
      capture.onChange(() => this.#tell()),
    ];
  }

  /** Where the call is: joining, connected, reconnecting, ended (and why), left. */
  get state(): CallState {
    return this.call.state;
  }

  /** The others, who came first leading. */
  get participants(): Participant[] {
    const { streams, speaker } = this;
    const byDevice = new Map<string, Participant>();
    for (const stream of streams) {
      const { userId, deviceId } = stream;
      const key = JSON.stringify([userId, deviceId]);
      const known = byDevice.get(key);
      byDevice.set(key, {
        userId,
        deviceId,
        name: this.room.nameOf(userId),
        streams: [...(known?.streams ?? []), stream],
        speaks: known?.speaks === true || stream.streamId === speaker?.streamId,
      });
    }
    return [...byDevice.values()];
  }

  /** All that the others send. */
  get streams(): RemoteStream[] {
    return this.call.streams;
  }

  /** The stream of whoever spoke last. */
  get speaker(): RemoteStream | undefined {
    const { streams } = this;
    for (const { streamId } of this.call.others?.speakers ?? []) {
      const stream = streams.find(one => one.streamId === streamId);
      if (stream !== undefined) return stream;
    }
    return undefined;
  }

  /** What our link carries towards us, in bit/s, as the focus estimates it; `undefined` while it did not say. */
  get available(): number | undefined {
    return this.call.others?.available;
  }

  /** Data channels beside the call. */
  get data(): ApplicationData {
    return this.call.data;
  }

  /** Who has the word, where one speaks at a time; `undefined` where the room has no floor. */
  get floor(): FloorState | undefined {
    return this.room.hasFloor ? this.call.floor?.state : undefined;
  }

  /** The homeserver does not answer, or worse; media goes on without it. */
  get trouble(): Problem | undefined {
    return this.room.trouble;
  }

  /** Anything above changed. Returns what ends the listening. */
  onChange(listener: () => void): () => void {
    this.#changes.add(listener);
    return () => this.#changes.delete(listener);
  }

  /** Something that a person should know, while the call goes on. Returns what ends the listening. */
  onNotice(listener: (reason: Problem) => void): () => void {
    this.#notices.add(listener);
    return () => this.#notices.delete(listener);
  }

  /**
   * Plays a stream in an element, sound and picture, and asks for the picture as large as the element is drawn, and for none while
   * nobody can see it. The element keeps it over reconnects. Returns what takes it out again.
   */
  attach({ streamId }: Pick<RemoteStream, 'streamId'>, element: HTMLMediaElement): () => void {
    this.#attached.get(element)?.close();
    const attached = new AttachedStream(this.call, streamId, element);
    this.#attached.set(element, attached);
    attached.follow(this.streams);
    return () => {
      if (this.#attached.get(element) !== attached) return;
      attached.close();
      this.#attached.delete(element);
    };
  }

  /** The microphone on or off; it starts with the first time. What fails is seen in `capture.audio`. */
  setMicrophone(isOn: boolean): void {
    this.capture.setAudioMuted(!isOn);
  }

  /** The camera on or off. What fails is seen in `capture.video`. */
  setCamera(isOn: boolean): void {
    this.capture.setVideoMuted(!isOn);
  }

  /** Asks the person for a screen to share. Resolves to a problem where there is one; a change of mind is none. */
  shareScreen(): Promise<Problem | undefined> {
    return this.capture.shareScreen();
  }

  stopScreen(): void {
    this.capture.stopScreen();
  }

  /** Ends the stay and frees all of it. `keepAlive`: the page is going away, and what is sent must outlive it. */
  leave(options: { keepAlive: boolean } = { keepAlive: false }): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.call.leave(options);
    for (const attached of this.#attached.values()) attached.close();
    this.#attached.clear();
    for (const stop of this.#stopListening) stop();
    this.call.close();
    this.room.close();
    if (this.#ownsCapture) this.capture.stop();
    this.#tell();
  }

  get #isIn(): boolean {
    return ['joining', 'connected', 'reconnecting'].includes(this.state.kind);
  }

  #changed(): void {
    if (this.#isOver) return;
    const { streams } = this;
    for (const attached of this.#attached.values()) attached.follow(streams);
    if (this.#isIn) switchOffRefused(this.room, this.capture);
    this.#talk.follow();
    this.#tell();
  }

  #tell(): void {
    for (const listener of this.#changes) listener();
  }
}

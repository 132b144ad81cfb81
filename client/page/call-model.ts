/** A call, as signals for the views. */
import { batch, computed, effect, type Signal, signal } from '@preact/signals';
import {
  browserNetwork,
  Call,
  type CallRoom,
  type CallOptions,
  type CallState,
  type Capture,
  type EncryptionState,
  type FloorState,
  type KeyWitness,
  type MediaPreferences,
  MicrophoneLevel,
  type Problem,
  PushToTalk,
  problem,
  receiverLevel,
  type RemoteStream,
  type Shown,
  SpeakingHold,
  switchOffRefused,
} from '../kit/index.ts';
import { describeChanges, type Heard } from './announcements.ts';
import { CallStatistics } from './call-statistics.ts';
import { KEY_WAIT_MS } from './decryption-words.ts';
import { rulesInWords } from './room-rules.ts';
import { type Arrangement, NO_SCREEN } from './stage-choice.ts';
import { recall, remember } from './tab-memory.ts';

/** One tile of the grid. */
export interface Tile {
  /** Stays while streams and sessions of the same person come and go. */
  key: string;
  name: string;
  stream: RemoteStream;
  screen: boolean;
}

/** The floor, as the talk button shows it. */
export interface ShownFloor {
  state: FloorState;
  /** Our key is down. */
  pressed: boolean;
  /** We are heard. */
  speaks: boolean;
}

const FREE_FLOOR: ShownFloor = {
  state: { kind: 'floor', holder: undefined, you: 'none' },
  pressed: false,
  speaks: false,
};
const LEVELS_EVERY_MS = 250;
/** Tiles change places for speakers no more often. */
const CALM_MS = 2_000;
/** Changes within this time are told together; a rejoin of somebody is then no news, nor a key that is a moment late. */
const TELL_AFTER_MS = KEY_WAIT_MS;
/** The homeserver tells the page of the room as it tells the focus, within this time. */
const RULES_KNOWN_WITHIN_MS = 3_000;
export const OWN_KEY = 'own';

export class CallModel {
  readonly room: CallRoom;
  readonly call: Call;
  readonly state: Signal<CallState> = signal({ kind: 'idle' });
  /** The line of fast signalling. */
  readonly signalling: Signal<Call['signalling']> = signal('none');
  readonly streams: Signal<RemoteStream[]> = signal([]);
  /** Counts changes of the room, for views that read it. */
  readonly changes = signal(0);
  readonly tiles = computed(() => this.#tilesOf(this.streams.value, this.changes.value));
  /** Keys of tiles whose people speak, `OWN_KEY` among them. */
  readonly speaking: Signal<ReadonlySet<string>> = signal(new Set());
  /** Key of the tile of whoever has the word. */
  readonly speaker: Signal<string | undefined> = signal(undefined);
  /** Keys of tiles of those who spoke last, the latest first; changes calmly. */
  readonly latest: Signal<readonly string[]> = signal([]);
  readonly floor: Signal<ShownFloor> = signal(FREE_FLOOR);
  /** Whether one speaks at a time in this call, and we are in it. */
  readonly hasFloor = computed(() => this.changes.value >= 0 && this.room.hasFloor && isIn(this.state.value));
  readonly talk: PushToTalk;
  readonly encryption: Signal<EncryptionState> = signal({ kind: 'off' });
  /** Key of the tile that was picked to be large, or `NO_SCREEN`. */
  readonly pinned: Signal<string | undefined> = signal(undefined);
  readonly arrangement: Signal<Arrangement> = signal(recall().arrangement);
  /** Device id of the loudspeaker; `''` is the system's choice. */
  readonly loudspeaker: Signal<string> = signal(recall().loudspeaker);
  readonly statistics = new CallStatistics({
    connection: () => this.call.connections[0],
    tiles: () => this.tiles.value,
  });
  readonly #capture: Capture;
  readonly #notice: (reason: Problem) => void;

  readonly #hold = new SpeakingHold();
  readonly #cleanups: (() => void)[] = [];
  #microphone: { track: MediaStreamTrack; level: MicrophoneLevel } | undefined;
  #latestAt = 0;
  #told: Heard[] = [];
  #tellTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: {
    room: CallRoom;
    capture: Capture;
    guessSize: () => Shown;
    doorOf: CallOptions['doorOf'];
    preferences?: MediaPreferences;
    witness?: KeyWitness;
    notice: (reason: Problem) => void;
    announce: (text: string) => void;
  }) {
    this.room = options.room;
    this.#capture = options.capture;
    this.#notice = options.notice;
    this.call = new Call({
      room: options.room,
      capture: options.capture,
      guessSize: options.guessSize,
      network: browserNetwork(),
      doorOf: options.doorOf,
      ...(options.preferences === undefined ? {} : { preferences: options.preferences }),
      ...(options.witness === undefined ? {} : { witness: options.witness }),
      changed: () => this.#update(),
      notice: reason => this.#pass(reason, options.notice),
    });
    this.encryption.value = this.call.encryption;
    this.talk = new PushToTalk({
      call: this.call,
      capture: options.capture,
      isOn: () => this.hasFloor.value,
      changed: () => this.#followRoom(),
    });
    this.#cleanups.push(
      options.room.onChange(() => {
        this.changes.value += 1;
        this.#followRoom();
        this.call.prepare();
      }),
      effect(() => this.#scheduleTelling(this.tiles.value, options.announce)),
      effect(() => {
        // Who did not want that screen large may want the next one.
        if (this.pinned.value === NO_SCREEN && !this.tiles.value.some(({ screen }) => screen))
          this.pinned.value = undefined;
      }),
    );
    const timer = setInterval(() => this.#measure(), LEVELS_EVERY_MS);
    this.#cleanups.push(() => clearInterval(timer));
    this.call.prepare();
  }

  /** Changes how people are shown, and says so. */
  switchArrangement(): string {
    const arrangement = this.arrangement.value === 'gallery' ? 'speaker' : 'gallery';
    this.arrangement.value = arrangement;
    remember({ arrangement });
    return arrangement === 'gallery' ? 'Gallery: all are shown alike.' : 'Speaker view: whoever speaks is large.';
  }

  /** Shows statistics on the tiles, or not any more, and says so. */
  toggleStatistics(): string {
    this.statistics.toggle();
    return this.statistics.isOpen.value ? 'Statistics are shown.' : 'Statistics are hidden.';
  }

  pickLoudspeaker(deviceId: string): void {
    this.loudspeaker.value = deviceId;
    remember({ loudspeaker: deviceId });
  }

  /** It was unplugged, or the browser does not let us: the system's choice plays instead. */
  loudspeakerFailed(): void {
    if (this.loudspeaker.value === '') return;
    this.pickLoudspeaker('');
    this.#notice(problem('LOUDSPEAKER_FAILED'));
  }

  close(): void {
    this.call.close();
    this.statistics.close();
    clearTimeout(this.#tellTimer);
    this.#microphone?.level.close();
    for (const cleanup of this.#cleanups) cleanup();
  }

  /** That we send what we may not is no news once the page has heard of the rule, too: it says so and stops. */
  #pass(reason: Problem, notice: (reason: Problem) => void): void {
    if (reason.code !== 'MAY_NOT_PUBLISH') return notice(reason);
    const timer = setTimeout(() => {
      if (rulesInWords(this.room) === undefined) notice(reason);
    }, RULES_KNOWN_WITHIN_MS);
    this.#cleanups.push(() => clearTimeout(timer));
  }

  #update(): void {
    batch(() => {
      this.state.value = this.call.state;
      this.signalling.value = this.call.signalling;
      this.streams.value = this.call.streams;
      this.encryption.value = this.call.encryption;
    });
    if (!isIn(this.call.state)) this.statistics.close();
    this.#followRoom();
  }

  /** What the room does not let us send is off while we are in its call; who speaks is the floor's to say. */
  #followRoom(): void {
    if (isIn(this.state.value)) switchOffRefused(this.room, this.#capture);
    this.talk.follow();
    const { state, pressed, speaks } = this.call.floor ?? FREE_FLOOR;
    const shown = this.floor.peek();
    if (shown.state !== state || shown.pressed !== pressed || shown.speaks !== speaks)
      this.floor.value = { state, pressed, speaks };
  }

  #tilesOf(streams: RemoteStream[], _changes: number): Tile[] {
    return streams.map(stream => ({
      key: JSON.stringify([stream.userId, stream.deviceId, stream.purpose]),
      name: this.room.nameOf(stream.userId),
      stream,
      screen: stream.purpose === 'm.screenshare',
    }));
  }

  #measure(): void {
    if (this.state.value.kind !== 'connected' || document.hidden) return;
    const now = Date.now();
    const levels = new Map<string, number>();
    for (const { key, stream } of this.tiles.value) {
      if (!stream.audioMuted) levels.set(key, this.#levelOf(stream, now));
    }
    const own = this.#ownLevel();
    if (own !== undefined) levels.set(OWN_KEY, own);
    const speaking = this.#hold.update(levels, now);
    const before = this.speaking.value;
    const same = speaking.size === before.size && [...speaking].every(key => before.has(key));
    batch(() => {
      if (!same) this.speaking.value = speaking;
      this.#orderSpeakers(speaking, now);
    });
  }

  /** The focus hears everybody alike, also those whose sound we do not get. */
  #levelOf({ streamId, audioTrackId: trackId, audio }: RemoteStream, now: number): number {
    const { others } = this.call;
    if (others?.tellsLevels === true && trackId !== undefined) return others.level({ streamId, trackId });
    return audio === undefined ? 0 : receiverLevel(audio.receiver, now);
  }

  #orderSpeakers(speaking: ReadonlySet<string>, now: number): void {
    const byTrack = new Map(
      this.tiles.value.map(({ key, stream }) => [JSON.stringify([stream.streamId, stream.audioTrackId]), key]),
    );
    const latest = (this.call.others?.speakers ?? []).flatMap(
      ({ streamId, trackId }) => byTrack.get(JSON.stringify([streamId, trackId])) ?? [],
    );
    this.speaker.value = latest.find(key => speaking.has(key));
    if (now - this.#latestAt < CALM_MS || latest.join() === this.latest.value.join()) return;
    this.latest.value = latest;
    this.#latestAt = now;
  }

  #ownLevel(): number | undefined {
    const track = this.#capture.audioMuted ? undefined : this.#capture.audioTrack;
    if (this.#microphone?.track !== track) {
      this.#microphone?.level.close();
      this.#microphone = track === undefined ? undefined : { track, level: new MicrophoneLevel(track) };
    }
    return this.#microphone?.level.read();
  }

  #scheduleTelling(tiles: Tile[], announce: (text: string) => void): void {
    clearTimeout(this.#tellTimer);
    const people = new Map<string, Heard>();
    for (const { name, stream, screen } of tiles) {
      const key = JSON.stringify([stream.userId, stream.deviceId]);
      const known = people.get(key) ?? { key, name, audioMuted: false, sharing: false, sealed: false };
      people.set(key, {
        ...known,
        audioMuted: screen ? known.audioMuted : stream.audioMuted,
        sharing: known.sharing || screen,
        sealed: known.sealed || stream.cannotDecrypt !== undefined,
      });
    }
    this.#tellTimer = setTimeout(() => {
      const now = [...people.values()];
      for (const sentence of describeChanges(this.#told, now)) announce(sentence);
      this.#told = now;
    }, TELL_AFTER_MS);
  }
}

function isIn({ kind }: CallState): boolean {
  return kind === 'joining' || kind === 'connected' || kind === 'reconnecting';
}

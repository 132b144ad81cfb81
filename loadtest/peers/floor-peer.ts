/** A load peer that presses the key of a walkie-talkie, and writes down what it is told and hears. */
import { parseControl, writeControl } from '../../signalling/wire/control.ts';
import { DatachannelEndpoint } from './datachannel-endpoint.ts';
import { keyOf } from './endpoint.ts';
import { LightPeer, type LightPeerOptions } from './light-peer.ts';

/** What a device was told of the floor and heard of others; times on the monotonic clock in ms. */
export type FloorEvent =
  /** The focus told a device who holds the floor; `undefined`: nobody. */
  | { kind: 'told'; at: number; device: string; holder: string | undefined }
  /** A device let go of the floor by itself. */
  | { kind: 'released'; at: number; device: string }
  /** A device received a packet of another one's voice. */
  | { kind: 'heard'; at: number; device: string; from: string };

/** Clients say so often that they still want the floor; the focus waits for 9 s. */
const RENEW_EVERY_MS = 3_000;

/** One device in the call; its voice is sent all the time, so the focus alone decides who is heard. */
export class FloorPeer implements AsyncDisposable {
  readonly peer: LightPeer;
  readonly #events: FloorEvent[];
  #told: { holder: string | undefined; you: 'holder' | 'queued' | 'none' } | undefined;
  #renewal: NodeJS.Timeout | undefined;

  /** `speakers`: whose voice a track is, by its key; `events` gets what happens. */
  constructor(
    options: Omit<LightPeerOptions, 'endpoint'>,
    speakers: ReadonlyMap<string, string>,
    events: FloorEvent[],
  ) {
    this.#events = events;
    const device = options.user.userId;
    this.peer = new LightPeer({
      ...options,
      subscribe: 'nothing',
      obeysLayersWanted: true,
      endpoint: own =>
        new DatachannelEndpoint(
          {
            ...own,
            control: text => {
              this.#take(text);
              own.control(text);
            },
            packet: (track, count) => {
              const from = speakers.get(keyOf(track));
              if (from !== undefined) events.push({ kind: 'heard', at: performance.now(), device, from });
              own.packet(track, count);
            },
          },
          { media: 'recorded' },
        ),
    });
  }

  get userId(): string {
    return this.peer.call.userId;
  }

  /** What it was told of the floor last; `undefined`: nothing. */
  get told(): { holder: string | undefined; you: 'holder' | 'queued' | 'none' } | undefined {
    return this.#told;
  }

  press(): void {
    this.#ask();
    this.#renewal ??= setInterval(() => this.#ask(), RENEW_EVERY_MS);
  }

  release(): void {
    this.#stopAsking();
    this.#events.push({ kind: 'released', at: performance.now(), device: this.userId });
    this.peer.sayOnControl(writeControl({ kind: 'floor_release' }));
  }

  async leave(): Promise<void> {
    this.#stopAsking();
    await this.peer.leave();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopAsking();
    await this.peer.vanish();
  }

  #ask(): void {
    this.peer.sayOnControl(writeControl({ kind: 'floor_request' }));
  }

  #stopAsking(): void {
    clearInterval(this.#renewal);
    this.#renewal = undefined;
  }

  #take(text: string): void {
    const parsed = parseControl(text);
    if (parsed.kind === 'bad' || parsed.value.kind !== 'floor') return;
    const { holder, you } = parsed.value;
    this.#told = { holder: holder?.userId, you };
    this.#events.push({ kind: 'told', at: performance.now(), device: this.userId, holder: holder?.userId });
  }
}

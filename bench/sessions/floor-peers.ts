/** Load peers that press the key of a walkie-talkie, and write down what they are told and hear. */
import { parseControl, writeControl } from '../../signalling/wire/control.ts';
import { DatachannelEndpoint } from '../../loadtest/peers/datachannel-endpoint.ts';
import { keyOf } from '../../loadtest/peers/endpoint.ts';
import { LightPeer, type LightPeerOptions } from '../../loadtest/peers/light-peer.ts';
import type { FloorEvent } from './floor-events.ts';

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

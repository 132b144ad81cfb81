/** The call of one scenario: its peers and its link, all of which end with it. */
import type { LoadBrowser } from '../../peers/load-browser.ts';
import type { Media } from '../../peers/datachannel-endpoint.ts';
import type { Address } from '../../peers/via-relay.ts';
import { recordedLayers, voiceBps } from '../ladder.ts';
import { type Relay, startRelay } from '../link/relay.ts';
import { type LinkScript, steady } from '../link/script.ts';
import type { LabCall, LabPlace, LabWatch } from '../place.ts';
import { type BrowserPublisher, joinBrowser, joinRecorded, type PeerPlace, type Publisher } from '../publisher.ts';
import { Viewer, type WantedAudio, type WantedVideo } from '../viewer.ts';
import { profile } from './table.ts';

/** The same luck in every run. */
const SEED = 5;

export interface LabRun {
  place: LabPlace;
  browser: LoadBrowser;
  watch: LabWatch;
  /** How long each scenario is judged, ms. */
  judgedMs: number;
}

export class Stage {
  readonly #run: LabRun;
  readonly #call: LabCall;
  readonly #owned = new AsyncDisposableStack();
  #usersTaken = 0;
  #focusAddress: Address | undefined;

  /** A call with room for so many peers. */
  static async open(run: LabRun, users: number): Promise<Stage> {
    run.watch.step(`make a call for ${users}`);
    return new Stage(run, await run.place.openCall(users));
  }

  private constructor(run: LabRun, call: LabCall) {
    this.#run = run;
    this.#call = call;
  }

  async recorded(name: string, media: Media = 'recorded'): Promise<Publisher> {
    return this.#took(await joinRecorded(name, this.#nextPlace(), media));
  }

  /** Browsers that publish, behind a relay where one is given. */
  async browser(name: string, relay?: Relay): Promise<BrowserPublisher> {
    return this.#took(await joinBrowser(name, this.#nextPlace(), this.#run.browser, relay));
  }

  /** To the focus's media; the direction that is not under test is a good link. Needs a publisher that has joined. */
  async relay(direction: 'up' | 'down', script: LinkScript): Promise<Relay> {
    if (this.#focusAddress === undefined) throw new Error('Nobody has been told where the focus listens.');
    const good = steady(profile());
    const relay = await startRelay({
      target: this.#focusAddress,
      up: direction === 'up' ? script : good,
      down: direction === 'down' ? script : good,
      seed: SEED,
    });
    this.#owned.defer(async () => {
      await relay.close();
    });
    return relay;
  }

  async viewer(name: string, relay?: Relay): Promise<Viewer> {
    return this.#owned.use(await Viewer.join(name, this.#nextPlace(), this.#run.browser, relay));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync();
  }

  #took<P extends Publisher>(publisher: P): P {
    this.#focusAddress ??= publisher.focusAddress;
    this.#owned.defer(async () => {
      await publisher.peer.leave().catch(() => publisher.peer.vanish());
    });
    return publisher;
  }

  #nextPlace(): PeerPlace {
    this.#run.watch.signal.throwIfAborted();
    const user = this.#call.users[this.#usersTaken];
    this.#usersTaken += 1;
    if (user === undefined) throw new Error('The call has no user left.');
    const { homeserverUrl: baseUrl, focus } = this.#run.place;
    return { baseUrl, focus, user, room: this.#call.room };
  }
}

/** The whole picture. */
export const LARGE = { width: 640, height: 360 };
export const THUMBNAIL = { width: 160, height: 90 };

/** A recorded camera (or a browser's: the same ladder). */
export function wantedVideo(publisher: Publisher, size = LARGE): WantedVideo {
  return { name: publisher.name, streamId: publisher.peer.streamId, layers: recordedLayers(), ...size };
}

export function wantedAudio(publisher: Publisher): WantedAudio {
  return { name: publisher.name, streamId: publisher.peer.streamId, bitrateBps: voiceBps() };
}

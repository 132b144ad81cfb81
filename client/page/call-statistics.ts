/** The statistics of a call while somebody looks at them: sampled once a second, and not at all otherwise. */
import { type Signal, signal } from '@preact/signals';
import { type Figures, readStatistics, type RemoteStream, StatisticsHistory } from '../kit/index.ts';

const EVERY_MS = 1_000;

export interface ShownStatistics {
  /** By key of the tile. */
  received: ReadonlyMap<string, Figures>;
  sent: Figures | undefined;
  /** Way to the focus and back, in ms. */
  roundTripMs: number | undefined;
}

const NOTHING: ShownStatistics = { received: new Map(), sent: undefined, roundTripMs: undefined };

/** A connection, as far as its statistics go. */
type Measured = Pick<RTCPeerConnection, 'getStats'>;

export interface StatisticsSource {
  /** The connection of the call; `undefined` outside of it. */
  connection(): Measured | undefined;
  tiles(): readonly { key: string; stream: Pick<RemoteStream, 'audio' | 'video'> }[];
}

export class CallStatistics {
  readonly isOpen = signal(false);
  readonly shown: Signal<ShownStatistics> = signal(NOTHING);
  readonly #source: StatisticsSource;
  #timer: ReturnType<typeof setInterval> | undefined;
  #history = new StatisticsHistory();
  #measured: Measured | undefined;
  #isReading = false;

  constructor(source: StatisticsSource) {
    this.#source = source;
  }

  toggle(): void {
    if (this.isOpen.value) {
      this.close();
      return;
    }
    this.isOpen.value = true;
    this.#timer = setInterval(() => this.#sample(), EVERY_MS);
    this.#sample();
  }

  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.isOpen.value = false;
    this.#forget();
  }

  #forget(): void {
    this.#history = new StatisticsHistory();
    this.#measured = undefined;
    this.shown.value = NOTHING;
  }

  #sample(): void {
    const connection = this.#source.connection();
    if (connection !== this.#measured) this.#forget();
    this.#measured = connection;
    // A browser with much to do may take longer than a second.
    if (connection === undefined || this.#isReading) return;
    this.#isReading = true;
    const history = this.#history;
    connection
      .getStats()
      .then(report => this.#take(report, history))
      .catch(() => undefined)
      .finally(() => {
        this.#isReading = false;
      });
  }

  #take(report: RTCStatsReport, history: StatisticsHistory): void {
    // Closed meanwhile, or another connection's turn.
    if (!this.isOpen.value || history !== this.#history) return;
    const sample = readStatistics(report.values());
    const groups = this.#source.tiles().map(({ key, stream: { audio, video } }) => ({
      key,
      mids: [audio?.mid, video?.mid].filter(mid => mid !== undefined),
    }));
    this.shown.value = { ...history.take(sample, groups), roundTripMs: sample.roundTripMs };
  }
}

/** What crosses the trunks of a conference, for who watches. The media engine asks its worker for it: rarely. */
import { asWeirError } from '../../signalling/wire/errors.ts';
import type { Clock, Log, TrunkPeer, TrunkTraffic } from '../ports.ts';
import type { FocusId } from '../session.ts';

const ASK_EVERY_MS = 5_000;
/** Looks from one line of the log to the next. */
const LOOKS_A_LINE = 12;

/** The media of a trunk, and whose it is. */
export interface MeteredTrunk {
  readonly peer: FocusId;
  readonly media: Pick<TrunkPeer, 'figures'>;
}

/** What crossed to and from a focus, as of the last look. */
export interface MeteredTraffic {
  readonly peer: FocusId;
  readonly traffic: TrunkTraffic;
}

export class TrunkTrafficMeter {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #trunks: () => readonly MeteredTrunk[];
  #latest: readonly MeteredTraffic[] = [];
  #timer: { cancel(): void } | undefined;
  #looks = 0;

  /** @param trunks those with media now; once there are none it stops looking, until `start()` */
  constructor(clock: Clock, log: Log, trunks: () => readonly MeteredTrunk[]) {
    this.#clock = clock;
    this.#log = log;
    this.#trunks = trunks;
  }

  get latest(): readonly MeteredTraffic[] {
    return this.#latest;
  }

  start(): void {
    this.#timer ??= this.#clock.after(ASK_EVERY_MS, () => {
      this.#timer = undefined;
      this.#look().catch((thrown: unknown) => this.#log.error({ error: asWeirError(thrown).message }, 'not metered'));
    });
  }

  close(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#latest = [];
  }

  /** Never rejects. */
  async #look(): Promise<void> {
    const trunks = this.#trunks();
    if (trunks.length > 0) this.start();
    const looked = await Promise.all(trunks.map(trunk => this.#ask(trunk)));
    // What was closed meanwhile stays so.
    if (this.#timer !== undefined || trunks.length === 0) this.#latest = looked.flatMap(one => one ?? []);
    this.#looks += 1;
    if (this.#looks % LOOKS_A_LINE === 1) this.#write();
  }

  #write(): void {
    for (const { peer, traffic } of this.#latest) this.#log.info({ focus: peer.userId, ...traffic }, 'trunk traffic');
  }

  async #ask({ peer, media }: MeteredTrunk): Promise<MeteredTraffic | undefined> {
    try {
      return { peer, traffic: await media.figures() };
    } catch (thrown) {
      const { code, message } = asWeirError(thrown);
      this.#log.debug({ focus: peer.userId, code }, `what crosses a trunk is not known: ${message}`);
      return undefined;
    }
  }
}

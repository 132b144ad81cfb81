/** Whether anything still comes in, by the statistics of the connection. Pure. */

/** What one candidate pair has received (W3C webrtc-stats, RTCIceCandidatePairStats). */
export interface PairReceipt {
  id: string;
  /** Bytes and answers to connectivity checks, added up: only growth counts. */
  received: number;
  /** In ms, where it is known and the pair is in use. */
  roundTripMs: number | undefined;
}

/** `doubtful`: ask the focus for a sign of life. `quiet`: it was asked, and nothing came. */
export type Receipt = 'flows' | 'doubtful' | 'quiet';

/** Shortest silence that is one, in ms, where packets came all the time before. */
export const QUIET_MS = 1_500;
/** Where little came anyway: one lost packet more is no news. */
const SPARSE_PATIENCE_MS = 2_000;
/** Least time for the answer of the focus (its SCTP may take 200 ms to acknowledge), in ms. */
const ANSWER_MS = 450;
/** A round trip that was measured on a jammed link says little. */
const MOST_ANSWER_MS = 3_000;
/** Samples in a row that make a steady flow. */
const STEADY = 5;
/** A gap between samples that tells of a sleeping machine or a throttled page, in ms. */
const ASLEEP_MS = 4_000;

export class ReceiptWatch {
  #received = new Map<string, number>();
  #sampledAt: number | undefined;
  #flowedAt = 0;
  #doubtedAt: number | undefined;
  #grown = 0;
  #hurried = false;
  #roundTripMs = 0;

  /** Takes a sample; `now` in ms. */
  take(pairs: readonly PairReceipt[], now: number): Receipt {
    const grew = pairs.some(({ id, received }) => received > (this.#received.get(id) ?? 0));
    this.#received = new Map(pairs.map(({ id, received }) => [id, received]));
    this.#roundTripMs = pairs.find(({ roundTripMs }) => roundTripMs !== undefined)?.roundTripMs ?? this.#roundTripMs;
    const gap = now - (this.#sampledAt ?? Number.NEGATIVE_INFINITY);
    this.#sampledAt = now;
    if (grew) {
      this.#flow(now);
      this.#grown += 1;
      return 'flows';
    }
    // Nobody looked meanwhile: what came then is not known.
    if (gap > ASLEEP_MS) this.#flow(now);
    this.#doubtedAt ??= now;
    const answerMs = Math.min(MOST_ANSWER_MS, ANSWER_MS + 2 * this.#roundTripMs);
    const isSteady = this.#grown >= STEADY;
    const patience = this.#hurried || isSteady ? answerMs : Math.max(SPARSE_PATIENCE_MS, answerMs);
    const isSilent = this.#hurried || now - this.#flowedAt >= QUIET_MS;
    return isSilent && now - this.#doubtedAt >= patience ? 'quiet' : 'doubtful';
  }

  /** Something hints that the network is another: the first silence counts. */
  suspect(): void {
    this.#hurried = true;
  }

  /** Forgets the doubts, where nothing can be asked. */
  trust(now: number): void {
    this.#flow(now);
  }

  #flow(now: number): void {
    this.#flowedAt = now;
    if (this.#doubtedAt !== undefined) this.#grown = 0;
    this.#doubtedAt = undefined;
    this.#hurried = false;
  }
}

/** Of a connection's statistics, what a watch needs. */
export function receiptsOf(report: { forEach(each: (stats: unknown) => void): void }): PairReceipt[] {
  const receipts: PairReceipt[] = [];
  report.forEach(stats => {
    if (typeof stats !== 'object' || stats === null || Reflect.get(stats, 'type') !== 'candidate-pair') return;
    const roundTrip = numberAt(stats, 'currentRoundTripTime');
    receipts.push({
      id: String(Reflect.get(stats, 'id')),
      received: (numberAt(stats, 'bytesReceived') ?? 0) + (numberAt(stats, 'responsesReceived') ?? 0),
      roundTripMs: roundTrip !== undefined && Reflect.get(stats, 'nominated') === true ? roundTrip * 1_000 : undefined,
    });
  });
  return receipts;
}

function numberAt(stats: object, key: string): number | undefined {
  const value: unknown = Reflect.get(stats, key);
  return typeof value === 'number' ? value : undefined;
}

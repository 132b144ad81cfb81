/**
 * One direction of a link as a model: packets and time go in, packets come out. First chance decides (loss, bursts), then the
 * bottleneck (rate, drop-tail queue), then the way (delay, jitter, reordering). It has no clock, no timer and no socket.
 */
import { Bottleneck } from './bottleneck.ts';
import { Flight, type Luck } from './flight.ts';
import { seededRandom } from './random.ts';
import { type LinkSample, SampleBins } from './samples.ts';
import { checkScript, type LinkProfile, type LinkScript, type LinkStep } from './script.ts';

/** IPv4 and UDP headers, which the bottleneck carries too. */
export const WIRE_OVERHEAD_BYTES = 28;

/** Packets inside a link, in queue and on the way. One more is dropped, whatever queueMs says. */
const MOST_PACKETS_INSIDE = 10_000;

/** dropped: the queue was full. lost: by chance or in a burst. */
export type Fate = 'queued' | 'dropped' | 'lost';

export interface Departure<P> {
  packet: P;
  /** When it leaves by the model; at or before the time asked about. */
  atMs: number;
}

/** Packets since the link was made: entered = left + dropped + lost + inside. */
export interface LinkTotals {
  entered: number;
  left: number;
  dropped: number;
  lost: number;
  inside: number;
}

interface Traveller<P> {
  packet: P;
  luck: Luck;
}

/**
 * The same seed, script, packets and times give the same result, however often due() is called: the n-th packet has the same
 * luck under every script. All times are of one clock, which may start anywhere; a time before the last one counts as that.
 */
export class Link<P extends { readonly byteLength: number }> {
  readonly #random: () => number;
  readonly #mostInside: number;
  readonly #bottleneck: Bottleneck<Traveller<P>>;
  readonly #flight = new Flight<Traveller<P>>();
  readonly #totals = { entered: 0, left: 0, dropped: 0, lost: 0 };
  #script: LinkScript;
  /** How many steps of the script have begun. */
  #begun = 1;
  #step: LinkStep;
  /** Clock zero of the script; undefined until start. */
  #scriptZero: number | undefined;
  #bins: SampleBins | undefined;
  #now = -Infinity;

  /** Throws RangeError if the script makes no sense. */
  constructor(script: LinkScript, seed: number, mostInside = MOST_PACKETS_INSIDE) {
    this.#step = checkScript(script);
    this.#script = script;
    this.#random = seededRandom(seed);
    this.#mostInside = mostInside;
    this.#bottleneck = new Bottleneck(rateOf(this.#step.profile));
  }

  /** Clock zero of script and samples. Until then the first profile holds, without bursts. Only the first call counts. */
  start(atMs: number): void {
    if (this.#scriptZero !== undefined) return;
    this.#scriptZero = atMs;
    this.#bins = new SampleBins(atMs);
  }

  /** Another script from now on; its clock zero is now, or start if that is still to come. Throws RangeError. */
  setScript(script: LinkScript, nowMs: number): void {
    const first = checkScript(script);
    this.#advance(nowMs);
    this.#script = script;
    this.#begun = 1;
    if (this.#scriptZero !== undefined) this.#scriptZero = this.#now;
    this.#begin(first, this.#now);
  }

  /** A packet comes to the link. */
  offer(packet: P, nowMs: number): Fate {
    this.#advance(nowMs);
    const fate = this.#enter(packet);
    const bin = this.#bins?.at(this.#now);
    this.#totals.entered += 1;
    if (bin !== undefined) bin.enteredBytes += wireBytes(packet);
    switch (fate) {
      case 'queued':
        break;
      case 'dropped':
        this.#totals.dropped += 1;
        if (bin !== undefined) bin.queueDropped += 1;
        break;
      case 'lost':
        this.#totals.lost += 1;
        if (bin !== undefined) bin.lost += 1;
        break;
    }
    return fate;
  }

  /** Takes out what leaves by now, in order of leaving. */
  due(nowMs: number): Departure<P>[] {
    this.#advance(nowMs);
    const departures: Departure<P>[] = [];
    for (let next = this.#flight.takeArrived(this.#now); next; next = this.#flight.takeArrived(this.#now)) {
      const { packet } = next.item;
      departures.push({ packet, atMs: next.atMs });
      this.#totals.left += 1;
      const bin = this.#bins?.at(next.atMs);
      if (bin !== undefined) bin.leftBytes += wireBytes(packet);
    }
    return departures;
  }

  /** When to ask for due packets next: nothing leaves before, though now and then nothing leaves then either. */
  nextAt(): number | undefined {
    const flying = this.#flight.nextAt() ?? Infinity;
    const queued = this.#bottleneck.next();
    if (queued === undefined) return Number.isFinite(flying) ? flying : undefined;
    // A step may quicken what still waits.
    const nextStep = this.#nextStep()?.beginsAt ?? Infinity;
    return Math.min(flying, nextStep, this.#flight.earliest(queued, this.#step.profile));
  }

  /** Bins of 100 ms from start to now; none before start. */
  samples(nowMs: number): LinkSample[] {
    this.#advance(nowMs);
    return this.#bins?.all() ?? [];
  }

  totals(): LinkTotals {
    return { ...this.#totals, inside: this.#inside() };
  }

  #inside(): number {
    return this.#bottleneck.length + this.#flight.length;
  }

  #enter(packet: P): Fate {
    const luck = { loss: this.#random(), jitter: this.#random(), reorder: this.#random() };
    const { lossPct = 0, queueMs } = this.#step.profile;
    if (this.#isInBurst() || luck.loss * 100 < lossPct) return 'lost';
    const waitMs = this.#bottleneck.waitMs(this.#now);
    if (waitMs > queueMs || this.#inside() >= this.#mostInside) return 'dropped';
    this.#bottleneck.add({ packet, luck }, wireBytes(packet) * 8, this.#now);
    this.#bins?.sawQueue(this.#now, this.#bottleneck.waitMs(this.#now));
    return 'queued';
  }

  #isInBurst(): boolean {
    const { bursts } = this.#step.profile;
    if (bursts === undefined || this.#scriptZero === undefined) return false;
    const since = this.#now - (this.#scriptZero + this.#step.atMs);
    return since >= bursts.everyMs && since % bursts.everyMs < bursts.lastsMs;
  }

  /** Plays what happens up to now: steps, edges of bins, and packets that pass the bottleneck. */
  #advance(nowMs: number): void {
    const until = Math.max(nowMs, this.#now);
    for (;;) {
      const next = this.#nextStep();
      const edge = this.#bins?.nextEdge() ?? Infinity;
      const stepAt = next?.beginsAt ?? Infinity;
      if (Math.min(stepAt, edge) > until) break;
      this.#pass(Math.min(stepAt, edge));
      if (next !== undefined && stepAt <= edge) {
        this.#begun += 1;
        this.#begin(next.step, this.#now);
      } else {
        this.#bins?.open(this.#bottleneck.waitMs(this.#now), rateOf(this.#step.profile));
      }
    }
    this.#pass(until);
  }

  #nextStep(): { step: LinkStep; beginsAt: number } | undefined {
    const step = this.#script[this.#begun];
    if (step === undefined || this.#scriptZero === undefined) return undefined;
    return { step, beginsAt: this.#scriptZero + step.atMs };
  }

  #begin(step: LinkStep, atMs: number): void {
    this.#step = step;
    this.#bottleneck.setRate(rateOf(step.profile), atMs);
    this.#bins?.sawQueue(atMs, this.#bottleneck.waitMs(atMs));
  }

  #pass(untilMs: number): void {
    this.#now = Math.max(this.#now, untilMs);
    for (let next = this.#bottleneck.takePassed(this.#now); next; next = this.#bottleneck.takePassed(this.#now)) {
      this.#flight.launch(next, this.#step.profile);
    }
  }
}

function rateOf({ rateBps = Infinity }: LinkProfile): number {
  return rateBps;
}

function wireBytes(packet: { readonly byteLength: number }): number {
  return packet.byteLength + WIRE_OVERHEAD_BYTES;
}

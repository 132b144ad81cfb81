/** Seconds and results of a run, put together. Pure. */
import type { ProcessSample, Sample } from './result.ts';
import type { ShareSample } from './share/messages.ts';
import { medianOfCounts, spreadOfValues } from './share/merge.ts';

export interface Around {
  atMs: number;
  /** Length of the second, in ms. */
  tookMs: number;
  wanted: number;
  focus: ProcessSample | undefined;
  homeserver: ProcessSample | undefined;
}

export function sampleOf(share: ShareSample, { atMs, tookMs, wanted, focus, homeserver }: Around): Sample {
  const perSecond = 1_000 / Math.max(1, tookMs);
  const due = share.packetsIn + share.packetsLost;
  return {
    atMs,
    wanted,
    invited: share.invited,
    connected: share.connected,
    failed: share.failed,
    receivers: share.receivers,
    unhappy: share.unhappy,
    bitrateIn: Math.round(share.bytesIn * 8 * perSecond),
    bitrateOut: Math.round(share.bytesOut * 8 * perSecond),
    packetsIn: Math.round(share.packetsIn * perSecond),
    lostPct: due === 0 ? 0 : (share.packetsLost * 100) / due,
    freezes: share.freezes,
    framesPerSecond: medianOfCounts(share.framesPerSecond),
    layers: share.layers,
    joinMs: spreadOfValues(share.joinMs),
    firstMediaMs: spreadOfValues(share.firstMediaMs),
    focus,
    homeserver,
    tester: {
      cpuPct: share.cpuPct,
      busiestThreadPct: share.busiestThreadPct,
      loopLagMs: share.loopLagMs,
      dropped: share.dropped,
      machinePct: share.machinePct,
      machineSharePct: share.machineSharePct,
    },
  };
}

/** Troubles by their text, with how often each came; the first ones where there are too many. */
export class Troubles {
  readonly #counts = new Map<string, number>();
  #more = 0;

  add(message: string): void {
    const text = message.slice(0, 500);
    if (!this.#counts.has(text) && this.#counts.size >= 50) this.#more += 1;
    else this.#counts.set(text, (this.#counts.get(text) ?? 0) + 1);
  }

  list(): string[] {
    const told = [...this.#counts].map(([text, count]) => (count === 1 ? text : `${text} (${count} times)`));
    return this.#more === 0 ? told : [...told, `${this.#more} others`];
  }
}

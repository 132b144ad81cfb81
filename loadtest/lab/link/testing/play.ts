/** Plays a link in virtual time, woken as its adapter would be: for every offer, and whenever nextAt says. */
import { type Fate, type Link, WIRE_OVERHEAD_BYTES } from '../link.ts';

export interface NumberedPacket {
  id: number;
  byteLength: number;
}

export interface Offer {
  atMs: number;
  packet: NumberedPacket;
}

export interface Played {
  offers: readonly Offer[];
  /** By packet id. */
  fates: Map<number, Fate>;
  /** In order of leaving. wokenAt: when the link gave it. */
  left: { id: number; enteredAt: number; atMs: number; wokenAt: number; wireBytes: number }[];
}

/** Plays all offers (in order of time) and runs the link empty. The link may have been started before. */
export function play(link: Link<NumberedPacket>, offers: readonly Offer[]): Played {
  const played: Played = { offers, fates: new Map(), left: [] };
  const enteredAt = new Map<number, number>();
  let offered = 0;
  for (;;) {
    const offer = offers[offered];
    const now = Math.min(offer?.atMs ?? Infinity, link.nextAt() ?? Infinity);
    if (now === Infinity) return played;
    for (const { packet, atMs } of link.due(now)) {
      const entered = enteredAt.get(packet.id) ?? NaN;
      const wireBytes = packet.byteLength + WIRE_OVERHEAD_BYTES;
      played.left.push({ id: packet.id, enteredAt: entered, atMs, wokenAt: now, wireBytes });
    }
    if (offer === undefined || offer.atMs > now) continue;
    played.fates.set(offer.packet.id, link.offer(offer.packet, now));
    enteredAt.set(offer.packet.id, now);
    offered += 1;
  }
}

/** Packets of that size on the wire (headers included), one every everyMs from fromMs on. */
export function stream(
  count: number,
  { everyMs, wireBytes = 1000, fromMs = 0 }: { everyMs: number; wireBytes?: number; fromMs?: number },
): Offer[] {
  return Array.from({ length: count }, (_, id) => ({
    atMs: fromMs + id * everyMs,
    packet: { id, byteLength: wireBytes - WIRE_OVERHEAD_BYTES },
  }));
}

export function countFates(played: Played): Record<Fate, number> {
  const counts = { queued: 0, dropped: 0, lost: 0 };
  for (const fate of played.fates.values()) counts[fate] += 1;
  return counts;
}

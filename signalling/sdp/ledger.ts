/**
 * The order of a peer connection's m-lines through all its offers and answers (RFC 8829 section 5). It is fixed by history: an
 * m-line never moves and never goes away; what it carries changes. Pure: every step gives a new ledger.
 */
import { WeirError } from '../wire/errors.ts';
import { MAX_SECTIONS } from './bounds.ts';
import { badSdp } from './parsed.ts';
import type { RemoteDescription } from './remote.ts';
import type { MediaKind } from './rtp.ts';
import type { ReceivingSection, Section } from './sections.ts';

export interface Ledger {
  /** As both ends agreed last. */
  agreed: readonly Section[];
  /** As our offer that is out would have it. */
  offered: readonly Section[] | undefined;
  /** mids of the offer of ours that was rolled back last: an answer to it comes too late. */
  withdrawn: readonly string[] | undefined;
}

export const EMPTY_LEDGER: Ledger = { agreed: [], offered: undefined, withdrawn: undefined };

function midsOf(sections: readonly { mid: string }[]): string[] {
  return sections.map(({ mid }) => mid);
}

/** After an answer of ours: an offer of ours that was out is rolled back (RFC 8829 section 4.1.10.2). */
export function afterOurAnswer(ledger: Ledger, sections: readonly Section[]): Ledger {
  const withdrawn = ledger.offered === undefined ? ledger.withdrawn : midsOf(ledger.offered);
  return { agreed: sections, offered: undefined, withdrawn };
}

/**
 * After an offer of ours: sections of ours that are in `live` are sent, all others are inactive. A live section that has
 * no m-line yet takes the place of a refused one, else the next free place, as long as there is room.
 */
export function afterOurOffer(ledger: Ledger, live: readonly ReceivingSection[]): Ledger {
  const byMid = new Map(live.map(section => [section.mid, section]));
  const placed = new Set<string>();
  const sections: Section[] = ledger.agreed.map(section => {
    if (section.kind !== 'receiving') return section;
    const sent = byMid.get(section.mid);
    if (sent === undefined) return { ...section, direction: 'inactive' };
    placed.add(section.mid);
    return sent;
  });
  for (const section of live) {
    if (placed.has(section.mid)) continue;
    const dead = sections.findIndex(({ kind }) => kind === 'refused');
    if (dead >= 0) sections[dead] = section;
    else if (sections.length < MAX_SECTIONS) sections.push(section);
  }
  const withdrawn = ledger.offered === undefined ? ledger.withdrawn : midsOf(ledger.offered);
  return { agreed: ledger.agreed, offered: sections, withdrawn };
}

/** What the client made of a section of ours. */
export type Taken = 'receives' | 'holds' | 'refuses';

/**
 * Takes the client's answer to our offer.
 * Throws WEIR_UNEXPECTED_MESSAGE for an answer to no offer, or to one that was rolled back; WEIR_BAD_SDP for one that does
 * not fit our offer.
 */
export function afterTheirAnswer(
  ledger: Ledger,
  answer: RemoteDescription,
): { ledger: Ledger; taken: Map<string, Taken>; stopped: string[] } {
  const { offered } = ledger;
  if (offered === undefined) throw new WeirError('WEIR_UNEXPECTED_MESSAGE', 'an answer, but no offer is out');
  const mids = JSON.stringify(midsOf(answer.sections));
  if (mids !== JSON.stringify(midsOf(offered))) {
    if (mids === JSON.stringify(ledger.withdrawn)) {
      throw new WeirError('WEIR_UNEXPECTED_MESSAGE', 'an answer to an offer that was rolled back');
    }
    throw badSdp('the answer does not have the sections of the offer');
  }
  const taken = new Map<string, Taken>();
  const stopped: string[] = [];
  const agreed = offered.map((section, index): Section => {
    const theirs = answer.sections[index];
    if (theirs === undefined || section.kind === 'refused') return section;
    if (theirs.line.type !== (section.kind === 'channel' ? 'application' : section.media)) {
      throw badSdp('the answer has another kind of media');
    }
    if (theirs.rejected) {
      if (section.kind === 'receiving') taken.set(section.mid, 'refuses');
      else stopped.push(section.mid);
      return { kind: 'refused', mid: section.mid, line: theirs.line };
    }
    if (section.kind === 'publishing' && section.direction === 'deferred') return { ...section, direction: 'recvonly' };
    if (section.kind !== 'receiving' || section.direction === 'inactive') return section;
    const direction = theirs.content.type === 'media' ? theirs.content.direction : 'inactive';
    const receives = direction === 'recvonly' || direction === 'sendrecv';
    taken.set(section.mid, receives ? 'receives' : 'holds');
    return receives ? section : { ...section, direction: 'inactive' };
  });
  return { ledger: { agreed, offered: undefined, withdrawn: undefined }, taken, stopped };
}

/**
 * A mid for a new track of ours: of a section that both ends agreed is inactive, or one that neither end has used.
 * `inUse`: mids of tracks that are sent or about to be.
 */
export function midFor(ledger: Ledger, media: MediaKind, inUse: ReadonlySet<string>): string {
  const idle = ledger.agreed.find(
    section =>
      section.kind === 'receiving' &&
      section.media === media &&
      section.direction === 'inactive' &&
      !inUse.has(section.mid),
  );
  if (idle !== undefined) return idle.mid;
  const known = new Set([...midsOf(ledger.agreed), ...midsOf(ledger.offered ?? []), ...inUse]);
  for (let number = 0; ; number += 1) {
    const mid = `s${number}`;
    if (!known.has(mid)) return mid;
  }
}

/** True where `mid` can carry a track of ours in the next offer: free, or a section of ours. */
export function mayCarry(ledger: Ledger, mid: string): boolean {
  const section = ledger.agreed.find(candidate => candidate.mid === mid);
  return section === undefined || section.kind === 'receiving';
}

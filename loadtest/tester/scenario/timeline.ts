/** How a scenario goes on while a number of participants is held: functions of the time since the hold began, in ms. Pure. */
import type { Changes, Role } from './schema.ts';

/** Whether a participant is in the call, and for which time since the hold began; `by`: how it went last. */
export interface Attendance {
  present: boolean;
  /** Rises with each coming back. */
  session: number;
  by: 'hangup' | 'cut';
}

/** Spreads participants evenly over 0 to 1, whatever their number. */
const GOLDEN = 0.618_033_988_749_894_9;
const DEFAULT_TURN_S = 5;

export function spreadOf(index: number): number {
  return (index * GOLDEN) % 1;
}

/** Churn goes round: in each of its turns another share leaves, politely, and comes back. A storm cuts a share off; it joins again at once. */
export function attendanceAt({ churn, storm }: Changes, index: number, sinceMs: number): Attendance {
  let session = 0;
  let present = true;
  let by: Attendance['by'] = 'hangup';
  if (churn !== undefined) {
    const turns = Math.max(1, Math.round(100 / churn.share_pct));
    const everyMs = churn.every_s * 1_000;
    // The first leave when one turn is over.
    const turn = Math.floor(sinceMs / everyMs) - 1;
    const mine = Math.floor(spreadOf(index) * turns);
    const left = turn < mine ? 0 : Math.floor((turn - mine) / turns) + 1;
    const lastLeftAt = (mine + 1 + (left - 1) * turns) * everyMs;
    present = left === 0 || sinceMs - lastLeftAt >= churn.away_s * 1_000;
    session += present ? left : left - 1;
  }
  if (storm !== undefined && spreadOf(index) * 100 < storm.share_pct) {
    // By another spread than that of the share: the cut ones go in no order.
    const cutAt = (storm.at_s + spreadOf(index * 7 + 3) * storm.within_s) * 1_000;
    if (sinceMs >= cutAt) {
      session += 1;
      by = 'cut';
    }
  }
  return { present, session, by };
}

/** Whether the one at this place of a role speaks; `members`: how many the role has now. */
export function speaksAt(audio: Role['publishes']['audio'], place: number, members: number, sinceMs: number): boolean {
  if (audio?.speaking === undefined || members <= audio.speaking) return true;
  const turn = Math.floor(sinceMs / ((audio.turn_s ?? DEFAULT_TURN_S) * 1_000));
  const first = (turn * audio.speaking) % members;
  return (place - first + members) % members < audio.speaking;
}

/** Moments of a join, in ms since 1970 with fractions (performance.timeOrigin + performance.now()). */
export type Mark =
  /** The line of fast signalling was open: mostly before the click. */
  | 'signalOpenAt'
  | 'joinClickedAt'
  | 'inviteSentAt'
  | 'answerAt'
  | 'connectedAt'
  | 'channelOpenAt'
  | 'firstOfferAt'
  | 'firstFrameAt';

/** Which way an invite went. */
export type InviteWay = 'ws' | 'to-device';

/** What is known of a join: its moments, and the way of its first invite. */
export type Marks = Partial<Record<Mark, number>> & { way?: InviteWay };

export function preciseNow(): number {
  return performance.timeOrigin + performance.now();
}

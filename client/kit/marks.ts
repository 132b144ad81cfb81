/** Moments of a join, in ms since 1970 with fractions (performance.timeOrigin + performance.now()). */
export type Mark =
  | 'joinClickedAt'
  | 'inviteSentAt'
  | 'answerAt'
  | 'connectedAt'
  | 'channelOpenAt'
  | 'firstOfferAt'
  | 'firstFrameAt';

export type Marks = Partial<Record<Mark, number>>;

export function preciseNow(): number {
  return performance.timeOrigin + performance.now();
}

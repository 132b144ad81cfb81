/** What hostile foci tried, and what came of it. Pure. */

export interface Refusals {
  /** By name: what it was. */
  tried: string[];
  /** Of them: what was let in, or did harm. */
  wronglyAccepted: string[];
  /** What has to work did: else nothing that was refused says anything. */
  controls: { name: string; works: boolean }[];
  /** The longest gap in the calls of honest people while all that was tried, and in a calm time before, ms. */
  gapMs: { calm: number; meanwhile: number };
}

/** A gap is none of hostile foci where it is shorter, ms; or no longer than so many times that of a calm time. */
const NO_GAP = { ms: 1_000, ofCalm: 2 };

export function judgeRefused({ tried, wronglyAccepted, controls, gapMs }: Refusals): string[] {
  const broken = controls.filter(({ works }) => !works).map(({ name }) => name);
  return [
    ...(tried.length === 0 ? ['refused: nothing was tried'] : []),
    ...(wronglyAccepted.length > 0 ? [`refused: wrongly accepted: ${wronglyAccepted.join('; ')}`] : []),
    ...(broken.length > 0 ? [`refused: does not work, though it is right: ${broken.join('; ')}`] : []),
    ...(gapMs.meanwhile > Math.max(NO_GAP.ms, gapMs.calm * NO_GAP.ofCalm)
      ? [`refused: honest people had a gap of ${gapMs.meanwhile} ms (calm: ${gapMs.calm})`]
      : []),
  ];
}

/** As it stands in the last line. */
export function writeRefused({ tried, wronglyAccepted }: Refusals) {
  return { tried: tried.length, wrongly_accepted: wronglyAccepted.length };
}

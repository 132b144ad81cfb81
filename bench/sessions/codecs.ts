/** Two pages in a call, for each codec for pictures, with that codec alone. */
import type { Call } from '../../demo/check/call.ts';
import { CallPages } from '../../demo/check/call-pages.ts';
import { countInCall } from './page-call.ts';
import { type Objection, type PairCount, unseen } from './page-pairs.ts';

const CODECS = ['VP8', 'VP9', 'H264', 'AV1'] as const;

/** Pairs of people, one of whom decodes pictures of the other in that codec. */
export interface CodecCount extends PairCount {
  codec: (typeof CODECS)[number];
}

export type CodecsPlace = Pick<Call, 'progress' | 'signal' | 'deployment'>;

const PEOPLE = 2;
const PAIRS = PEOPLE * (PEOPLE - 1);
/** For all of it. */
const WITHIN_MS = 120_000;

/** Rejects where the browser does not start, or all of it takes too long. */
export async function measureCodecs({ deployment, progress, signal: interrupted }: CodecsPlace): Promise<CodecCount[]> {
  const signal = AbortSignal.any([interrupted, AbortSignal.timeout(WITHIN_MS)]);
  await using browser = await CallPages.open({ signal });
  const sendable = await browser.sendableCodecs();
  const counts: CodecCount[] = [];
  for (const codec of CODECS) {
    if (!sendable.includes(`video/${codec}`)) {
      counts.push({ codec, pairs: 0, of: PAIRS, missing: [`this Chromium encodes no ${codec}`] });
      continue;
    }
    const people = deployment.users.slice(0, PEOPLE).map(user => ({
      userId: user.userId,
      link: `${deployment.link(user)}&video=640x360x10&codec=${codec}`,
    }));
    const count = await countInCall({ browser, people, signal }, objectionTo(codec));
    progress.tell(`${codec}: ${count.pairs} of ${count.of} pairs`);
    counts.push({ codec, ...count });
  }
  return counts;
}

/** A pair counts where pictures are decoded that are sent, and said to be, in that codec. */
export function objectionTo(codec: string): Objection {
  return (got, sender) => {
    const missing = unseen(got);
    if (missing !== undefined) return missing;
    if (got.codec !== `video/${codec}`) return `decodes ${got.codec}`;
    const other = sender.after.sentVideo.find(sent => sent.frames > 0 && sent.codec !== got.codec);
    return other === undefined ? undefined : `sends ${other.codec}`;
  };
}

/** The bounds that were missed; `null` where nothing was measured. */
export function judgeCodecs(counts: readonly CodecCount[] | null): string[] {
  if (counts === null) return ['codecs were not measured'];
  return CODECS.flatMap(codec => {
    const count = counts.find(one => one.codec === codec);
    if (count === undefined) return [`${codec} was not measured`];
    if (count.pairs === PAIRS) return [];
    return [`${count.pairs} of ${PAIRS} pairs in ${codec}`, ...count.missing.map(reason => `${codec}, ${reason}`)];
  });
}
